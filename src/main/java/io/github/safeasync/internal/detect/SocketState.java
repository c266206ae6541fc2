package io.github.safeasync.internal.detect;

/** What the kernel's table said of a connection when it was last looked up. */
enum SocketState {
  /** Not looked up yet, or the table could not be read. */
  UNKNOWN,
  /** Established: neither side has closed. */
  ESTABLISHED,
  /** In CLOSE_WAIT: a FIN has come, this side has not closed. */
  FIN_RECEIVED,
  /** In a state that only this side's closing leads to. */
  CLOSED_HERE,
  /** The same addresses and ports belong to another socket now. */
  REPLACED,
  /** Not in the table. */
  MISSING
}
