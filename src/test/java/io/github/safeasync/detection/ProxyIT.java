package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.ReverseProxy;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G6 behind real reverse proxies: the server sees the proxy's connection, so a hang-up is noticed
 * as far as the proxy passes it on.
 */
class ProxyIT {

  /** Starts a proxy in front of a server. */
  private interface Starter {
    ReverseProxy inFrontOf(TestServer server) throws IOException;
  }

  /** A way to hang up. */
  private interface Way {
    void of(RawClient client) throws IOException;
  }

  @ParameterizedTest
  @EveryContainer
  void nginx_clientKilled_isNoticed_G6(Container container) throws Exception {
    isNoticed(container, ReverseProxy::nginx, RawClient::closeFin, RawClient::closeRst);
  }

  @ParameterizedTest
  @EveryContainer
  void nginx_ignoringClientAborts_hidesIt(Container container) throws Exception {
    isHidden(
        container,
        server -> ReverseProxy.nginx(server, "proxy_ignore_client_abort on;"),
        RawClient::closeFin,
        RawClient::closeRst);
  }

  @ParameterizedTest
  @EveryContainer
  void haproxy_clientKilled_isNoticed_G6(Container container) throws Exception {
    isNoticed(
        container,
        server -> ReverseProxy.haproxy(server, "option abortonclose"),
        RawClient::closeFin,
        RawClient::closeRst);
  }

  /** As it is by default. */
  @ParameterizedTest
  @EveryContainer
  void haproxy_withoutAbortOnClose_hidesIt(Container container) throws Exception {
    isHidden(container, ReverseProxy::haproxy, RawClient::closeFin, RawClient::closeRst);
  }

  private static void isNoticed(Container container, Starter starter, Way... ways)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        ReverseProxy proxy = starter.inFrontOf(site.server())) {
      for (Way way : ways) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.get("/take");
          Witness witness = Witness.of(site.take());
          site.awaitWatching(1);
          witness.notNoticed();
          logs.clear();
          way.of(client);
          witness.noticed(Evidence.FIN, Evidence.RST);
          Witness.saidOnce(logs);
        }
      }
      stillAnswers(proxy);
    }
  }

  private static void isHidden(Container container, Starter starter, Way... ways) throws Exception {
    try (Site site = Site.start(container);
        ReverseProxy proxy = starter.inFrontOf(site.server())) {
      for (Way way : ways) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.get("/take");
          SafeAsyncResponse response = site.take();
          Witness witness = Witness.of(response);
          site.awaitWatching(1);
          way.of(client);
          witness.notNoticed();
          response.finish("for nobody");
          witness.completes();
        }
      }
      stillAnswers(proxy);
    }
  }

  private static void stillAnswers(ReverseProxy proxy) throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
    }
  }
}
