package io.github.safeasync;

/**
 * What a FIN alone means: the client has closed its side of the connection, and may or may not
 * still listen. Immutable and thread-safe.
 *
 * @see SafeAsyncConfig.Builder#halfClose
 * @since 0.1.0
 */
public enum HalfClose {
  /** The client has disconnected. */
  DISCONNECT,
  /** Nothing: only a reset is a disconnect. */
  IGNORE,
  /**
   * A suspicion: after each write that the library sees, the connection is looked at closely until
   * a reset confirms it.
   */
  CONFIRM_ON_WRITE
}
