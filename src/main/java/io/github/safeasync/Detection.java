package io.github.safeasync;

/**
 * How a disconnect of the client of one exchange would be noticed. Immutable and thread-safe.
 *
 * @see SafeAsyncResponse#detection
 * @since 0.1.0
 */
public enum Detection {
  /**
   * An event tells at once: the kernel's readiness event on the connection, or the HTTP/2 stream.
   */
  PUSH,
  /**
   * The kernel's table of sockets, or the container, is asked at intervals: every 20 ms if the JVM
   * has native access. Otherwise the table is read as a whole, no more often than a hundredth of a
   * core pays for: every 100 ms to 30 s, the longer the more sockets the machine has. What it is
   * here the log says with the filter's start.
   */
  POLL,
  /**
   * Only a failing write, or the container, can be relied on. So it is where nothing watches the
   * connection, where the kernel's table does not show it, and where there is no such table (macOS,
   * Windows) and the connection is encrypted: what TLS sends before a close hides the close.
   */
  ON_WRITE
}
