package io.github.safeasync;

/**
 * What showed that the client has gone. Immutable and thread-safe.
 *
 * @see Departure#evidence
 * @since 0.1.0
 */
public enum Evidence {
  /** The client closed its side of the connection: a TCP FIN has been received. */
  FIN,
  /**
   * The client or a device on the way reset the connection: a TCP RST has been received. That the
   * kernel gives a connection up by itself, for want of an acknowledgement, looks the same.
   */
  RST,
  /** The client cancelled the HTTP/2 stream (RST_STREAM, RFC 9113 section 6.4). */
  HTTP2_RESET,
  /**
   * The connection has ended, and nobody says how: the container reported it as lost, a Unix domain
   * socket was closed, or, where the kernel has no table of sockets to ask, several looks in a row
   * found the connection at its end. With {@code keepalive} also a reset that comes when the client
   * may have been silent for too long, as the kernel does not tell one from the other.
   */
  CONNECTION_LOST,
  /** A write to the connection failed. */
  WRITE_FAILED,
  /** A heartbeat that was sent for the purpose failed. */
  HEARTBEAT
}
