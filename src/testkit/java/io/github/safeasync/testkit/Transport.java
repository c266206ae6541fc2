package io.github.safeasync.testkit;

/**
 * How a request reaches the container. Thread-safe.
 *
 * @since 0.1.0
 */
public enum Transport {
  /** HTTP/1.1 over TCP. */
  PLAIN,
  /** HTTP/1.1 over TLS 1.2 and nothing newer. */
  TLS12,
  /** HTTP/1.1 over TLS 1.3, where close_notify closes one direction only. */
  TLS13,
  /** HTTP/2 over TCP by prior knowledge; the server speaks HTTP/1.1 on the same port. */
  H2C,
  /** HTTP/2 over TLS 1.3 by ALPN; the server speaks HTTP/1.1 on the same port. */
  H2;

  /** {@return whether the connection is encrypted} */
  public boolean isSecure() {
    return this == TLS12 || this == TLS13 || this == H2;
  }

  /** {@return whether {@link Http2Client} can talk to the server} */
  public boolean isHttp2() {
    return this == H2C || this == H2;
  }

  /** The name the JDK knows the only allowed version of TLS by. */
  String tlsVersion() {
    return this == TLS12 ? "TLSv1.2" : "TLSv1.3";
  }
}
