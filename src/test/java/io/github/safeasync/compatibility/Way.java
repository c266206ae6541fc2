package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.Transport;

/** How a client leaves. */
enum Way {
  /** It does not. */
  STAYS,
  /** FIN, over TLS behind a close_notify. */
  FIN,
  /** FIN without a word of TLS. */
  TRUNCATION,
  /** RST of the connection. */
  RST,
  /** FIN, over TLS behind a close_notify; the response is read still. */
  HALF_CLOSE,
  /** RST_STREAM; the connection stays. */
  STREAM_RESET,
  /** GOAWAY, then FIN. */
  GOAWAY;

  boolean existsOn(Transport transport) {
    return switch (this) {
      case STAYS, FIN, RST -> true;
      case TRUNCATION -> transport.isSecure() && !transport.isHttp2();
      case HALF_CLOSE -> !transport.isHttp2();
      case STREAM_RESET, GOAWAY -> transport.isHttp2();
    };
  }

  /** Whether the client reads the response to its end. */
  boolean reads() {
    return this == STAYS || this == HALF_CLOSE;
  }
}
