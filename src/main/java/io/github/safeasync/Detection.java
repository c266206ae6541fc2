package io.github.safeasync;

/** How a hang-up of the client of one exchange would be noticed. */
public enum Detection {
  /**
   * An event tells at once: the kernel's readiness event on the connection, or the HTTP/2 stream.
   */
  PUSH,
  /** The kernel's table of sockets is looked at in intervals. */
  POLL,
  /** Nothing watches the connection: only a failing write, or the container, tells. */
  ON_WRITE
}
