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
   * Nothing can be relied on but a failing write, or the container: nothing watches the connection,
   * or the kernel's table does not show it, or there is no such table, as on macOS and Windows, and
   * the connection is encrypted: what TLS sends before a close hides it.
   */
  ON_WRITE
}
