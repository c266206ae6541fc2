package io.github.safeasync;

/** What a FIN alone means: the client has closed its side, and may or may not still listen. */
public enum HalfClose {
  /** The client has gone. */
  DISCONNECT,
  /** Nothing: only a reset is a departure. */
  IGNORE,
  /** A suspicion: looked at closely after each write the watch is told of, until the reset. */
  CONFIRM_ON_WRITE
}
