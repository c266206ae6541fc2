package io.github.safeasync;

/** What showed that the client has gone. */
public enum Evidence {
  /** The client closed its side of the connection: a TCP FIN has been received. */
  FIN,
  /** The client or a device on the way reset the connection: a TCP RST has been received. */
  RST,
  /** The client cancelled the HTTP/2 stream (RST_STREAM, RFC 9113 section 6.4). */
  HTTP2_RESET,
  /** The container reported that the connection was lost, without saying how. */
  CONNECTION_LOST,
  /** A write to the connection failed. */
  WRITE_FAILED,
  /** A heartbeat that was sent for the purpose failed. */
  HEARTBEAT
}
