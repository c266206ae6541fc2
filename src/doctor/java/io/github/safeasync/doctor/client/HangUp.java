package io.github.safeasync.doctor.client;

/** The ways in which a client leaves. */
enum HangUp {
  /** The connection is closed: what a killed client's kernel does. */
  FIN("FIN"),
  /** The connection is reset: what a kernel does for a client that had something left to read. */
  RST("RST"),
  /** TLS says close_notify, then the connection is closed: what a client does in good order. */
  TLS_CLOSE("TLS close"),
  /** The stream is cancelled, and the connection stays: what a browser does. */
  HTTP2_RESET("HTTP/2 reset");

  private final String words;

  HangUp(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }
}
