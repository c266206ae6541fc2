package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import org.junit.jupiter.params.ParameterizedTest;

/** G6, G7: what a client that has closed its own side only is taken for, under each policy. */
class HalfCloseIT {

  private static Site start(Container container, Transport transport, HalfClose policy)
      throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().halfClose(policy).build();
    return Site.start(container, transport, config, app -> {});
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void disconnect_isNoticed_G6(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, HalfClose.DISCONNECT);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      Witness witness = Witness.of(site.take());
      site.awaitWatching(1);
      logs.clear();
      client.halfClose();
      witness.noticed(Evidence.FIN);
      client.awaitClose();
      Witness.saidOnce(logs);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void ignore_clientIsAnswered_G7(Container container, Transport transport) throws Exception {
    clientIsAnswered(container, transport, HalfClose.IGNORE);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void confirmOnWrite_clientIsAnswered_G7(Container container, Transport transport)
      throws Exception {
    clientIsAnswered(container, transport, HalfClose.CONFIRM_ON_WRITE);
  }

  private static void clientIsAnswered(Container container, Transport transport, HalfClose policy)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, policy);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(1);
      client.halfClose();
      witness.notNoticed();
      response.write("one, ");
      assertThat(Site.flushed(response)).isTrue();
      witness.notNoticed();
      response.finish("two");
      RawResponse seen = client.readResponse();
      assertThat(seen.body()).isEqualTo("one, two");
      assertThat(seen.isComplete()).isTrue();
      witness.completes();
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  /** Nothing is written: the reset must show by itself. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void ignore_resetAfterTheHalfClose_isNoticed_G6(Container container, Transport transport)
      throws Exception {
    try (Site site = start(container, transport, HalfClose.IGNORE);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      Witness witness = Witness.of(site.take());
      site.awaitWatching(1);
      client.halfClose();
      witness.notNoticed();
      client.closeRst();
      witness.noticed(Evidence.RST);
    }
  }

  /** One write, which succeeds as the first on any closed connection does, and no second. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void confirmOnWrite_oneWriteToAClosedClient_isEnough_G6(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, HalfClose.CONFIRM_ON_WRITE);
        RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(1);
      logs.clear();
      client.closeAbrupt(); // Java's TLS would wait for the server's close_notify.
      witness.notNoticed();
      response.write("is anybody there?");
      response.flush();
      witness.noticed(Evidence.RST);
      Witness.saidOnce(logs);
    }
  }
}
