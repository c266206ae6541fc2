package io.github.safeasync;

/** How a hang-up of the client of one exchange would be noticed. */
public enum Detection {
  /**
   * An event tells at once: the kernel's readiness event on the connection, or the HTTP/2 stream.
   */
  PUSH,
  /** The kernel's table of sockets, or the container, is asked in intervals. */
  POLL,
  /**
   * Nothing tells but a failing write, or the container: nothing watches the connection, or the
   * kernel's table does not show it.
   */
  ON_WRITE
}
