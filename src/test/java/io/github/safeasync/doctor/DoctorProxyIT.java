package io.github.safeasync.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.doctor.client.Doctor;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.ReverseProxy;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * The doctor through real proxies, which are the same whatever is behind them: what {@code
 * src/docs/proxies.md} says of them.
 */
class DoctorProxyIT {

  private static final String IGNORING = "proxy_ignore_client_abort on;";

  /** Starts a proxy in front of a server. */
  private interface Starter {
    ReverseProxy inFrontOf(TestServer server) throws IOException;
  }

  private static TestServer started() throws Exception {
    return DoctorIT.started(Container.available().iterator().next(), Transport.PLAIN);
  }

  private static Said through(Starter starter, String scheme) throws Exception {
    try (TestServer server = started();
        ReverseProxy proxy = starter.inFrontOf(server)) {
      String url = scheme + "://127.0.0.1:" + proxy.port() + "/doctor";
      return Said.when("--insecure", "--wait", "1s", url);
    }
  }

  private static void propagates(Starter plain, Starter tls) throws Exception {
    Said without = through(plain, "http");
    assertThat(without.verdicts())
        .as(without.toString())
        .startsWith("FIN PROPAGATES", "RST PROPAGATES");
    assertThat(without.status()).isEqualTo(Doctor.PROPAGATES);
    Said with = through(tls, "https");
    assertThat(with.verdicts())
        .as(with.toString())
        .containsExactly(
            "FIN PROPAGATES", "RST PROPAGATES", "TLS close PROPAGATES", "HTTP/2 reset PROPAGATES");
    assertThat(with.status()).isEqualTo(Doctor.PROPAGATES);
  }

  private static void isHidden(Starter plain, Starter tls, String http2) throws Exception {
    Said without = through(plain, "http");
    assertThat(without.verdicts())
        .as(without.toString())
        .startsWith("FIN HIDDEN, noticed ONLY ON WRITE", "RST HIDDEN, noticed ONLY ON WRITE");
    assertThat(without.status()).isEqualTo(Doctor.HIDDEN);
    Said with = through(tls, "https");
    assertThat(with.verdicts())
        .as(with.toString())
        .containsExactly(
            "FIN HIDDEN, noticed ONLY ON WRITE",
            "RST HIDDEN, noticed ONLY ON WRITE",
            "TLS close HIDDEN, noticed ONLY ON WRITE",
            "HTTP/2 reset " + http2);
    assertThat(with.status()).isEqualTo(Doctor.HIDDEN);
    assertThat(with.out()).contains("option abortonclose", "proxy_ignore_client_abort");
  }

  @Test
  void nginx_passesItOn() throws Exception {
    propagates(ReverseProxy::nginx, ReverseProxy::nginxTls);
  }

  @Test
  void nginx_ignoringClientAborts_hidesIt() throws Exception {
    isHidden(
        server -> ReverseProxy.nginx(server, IGNORING),
        server -> ReverseProxy.nginxTls(server, IGNORING),
        "HIDDEN, noticed ONLY ON WRITE");
  }

  @Test
  void haproxy_withAbortOnClose_passesItOn() throws Exception {
    propagates(
        server -> ReverseProxy.haproxy(server, "option abortonclose"),
        server -> ReverseProxy.haproxyTls(server, "option abortonclose"));
  }

  /** As it is by default; the reset of a stream it passes on in any case. */
  @Test
  void haproxy_withoutAbortOnClose_hidesIt() throws Exception {
    isHidden(ReverseProxy::haproxy, ReverseProxy::haproxyTls, "PROPAGATES");
  }

  @Test
  void httpd_hidesIt() throws Exception {
    isHidden(ReverseProxy::httpd, ReverseProxy::httpdTls, "HIDDEN, noticed ONLY ON WRITE");
  }

  /** Nothing helps there but a heartbeat of the application's own protocol. */
  @Test
  void proxyThatTakesEverything_hidesItFromWritesAsWell() throws Exception {
    try (TestServer server = started();
        Swallower proxy = new Swallower(server)) {
      String url = "http://127.0.0.1:" + proxy.port() + "/doctor";
      Said said = Said.when("--json", "--wait", "300ms", url);

      assertThat(said.out())
          .contains("{\"hangUp\":\"FIN\",\"verdict\":\"HIDDEN\",\"millis\":null,")
          .contains("{\"hangUp\":\"RST\",\"verdict\":\"HIDDEN\",\"millis\":null,");
      assertThat(said.out().lines()).hasSize(1);
      assertThat(said.status()).isEqualTo(Doctor.HIDDEN);
    }
  }
}
