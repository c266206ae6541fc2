package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;

/** G6, G12: a hang-up on HTTP/1.1 is noticed with nothing read or written by the server. */
class DetectionIT {

  private static final SafeAsyncConfig LONG_GRACE =
      SafeAsyncConfig.builder().detectAfter(Duration.ofMillis(300)).build();

  /** A way to hang up. */
  private interface Way {
    void of(RawClient client) throws IOException;
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void closed_isNoticed_G6_G12(Container container, Transport transport) throws Exception {
    hangUp(container, transport, RawClient::closeFin, Evidence.FIN);
  }

  @ParameterizedTest
  @EveryTransport({Transport.TLS12, Transport.TLS13})
  void closedWithoutCloseNotify_isNoticed_G6_G12(Container container, Transport transport)
      throws Exception {
    hangUp(container, transport, RawClient::closeAbrupt, Evidence.FIN);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void reset_isNoticed_G6_G12(Container container, Transport transport) throws Exception {
    hangUp(container, transport, RawClient::closeRst, Evidence.RST);
  }

  private static void hangUp(Container container, Transport transport, Way way, Evidence evidence)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        RawClient neighbour = RawClient.connect(site.server());
        RawClient client = RawClient.connect(site.server())) {
      neighbour.get("/take");
      SafeAsyncResponse sound = site.take();
      Witness other = Witness.of(sound);
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      client.get("/take");
      SafeAsyncResponse response = site.take();
      assertThat(response.detection()).isEqualTo(Detection.PUSH);
      Witness witness = Witness.of(response);
      site.awaitWatching(2);
      assertThat(response.detection()).isEqualTo(Detection.PUSH);
      logs.clear();

      way.of(client);

      witness.noticed(evidence);
      assertThat(witness.departure().noticedBy()).startsWith("selector + ");
      site.awaitWatching(1);
      Witness.saidOnce(logs);
      sound.finish("sound");
      assertThat(neighbour.readResponse().body()).isEqualTo("sound");
      other.completes();
      assertThat(neighbour.get("/plain").readResponse().body()).isEqualTo("plain");
      site.awaitWatching(0);
      Witness.saidOnce(logs);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void normalEnd_leavesNoKey_G8(Container container, Transport transport) throws Exception {
    try (Site site = Site.start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      for (int i = 0; i < 3; i++) {
        client.get("/take");
        SafeAsyncResponse response = site.take();
        site.awaitWatching(1);
        Witness.await().until(() -> site.exchanges().scope().keys() == 1);
        response.finish("done");
        assertThat(client.readResponse().body()).isEqualTo("done");
        Witness.await().until(() -> site.exchanges().scope().keys() == 0);
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void closedWithinTheGracePeriod_isNoticedAfterIt_G6(Container container) throws Exception {
    try (Site site = Site.start(container, LONG_GRACE);
        RawClient first = RawClient.connect(site.server());
        RawClient second = RawClient.connect(site.server())) {
      first.get("/take").closeFin();
      Witness finished = Witness.of(site.take());
      second.get("/take");
      Witness reset = Witness.of(site.take());
      second.closeRst();
      finished.noticed(Evidence.FIN);
      reset.noticed(Evidence.RST);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void closedAfterAPartOfTheResponse_isNoticed_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      response.write("a part");
      assertThat(Site.flushed(response)).isTrue();
      client.readLine();
      site.awaitWatching(1);
      client.closeFin();
      // With the rest of the response unread, the client's kernel makes a reset of it.
      witness.noticed(Evidence.FIN, Evidence.RST);
      logs.assertQuiet();
    }
  }

  /** Where Go is blind: its reader stops at the first byte of the next request. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void closedBehindAPipelinedRequest_isNoticed_G6(Container container, Transport transport)
      throws Exception {
    try (Site site = Site.start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      client.get("/take").get("/plain");
      Witness witness = Witness.of(site.take());
      site.awaitWatching(1);
      witness.notNoticed();
      client.closeAbrupt();
      witness.noticedInTheTable(Evidence.FIN);
    }
  }

  /** Where Go is blind: it does not look for the end before it has read the body. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void closedBehindAnUnreadBody_isNoticed_G6(Container container, Transport transport)
      throws Exception {
    try (Site site = Site.start(container, transport);
        RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      client.send("POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n\r\n");
      client.send("x".repeat(20_000));
      Witness witness = Witness.of(site.take());
      site.awaitWatching(1);
      witness.notNoticed();
      client.closeAbrupt();
      witness.noticedInTheTable(Evidence.FIN);
    }
  }
}
