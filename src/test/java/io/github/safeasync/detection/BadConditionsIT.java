package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.container.Connections;
import io.github.safeasync.internal.detect.DetectorSettings;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import io.github.safeasync.testkit.BareRequests;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TomcatNio2;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;

/** G6, G12: where the best way to notice a hang-up is missing, the next one serves. */
class BadConditionsIT {

  /** Starts a site whose detector uses these layers alone. */
  private static Site startWith(Container container, Set<Layer> layers) throws Exception {
    System.setProperty(
        DetectorSettings.LAYERS, layers.stream().map(Layer::name).collect(Collectors.joining(",")));
    try {
      return Site.start(container, SafeAsyncConfig.defaults());
    } finally {
      System.clearProperty(DetectorSettings.LAYERS);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void unknownContainer_itsAddressesAreLookedUp_G6_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site =
            Site.startBehind(container, SafeAsyncConfig.defaults(), BareRequests::precede)) {
      isPolled(site, site.server().port());
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void asynchronousChannels_theirAddressesAreLookedUp_G6_G12(Container container) throws Exception {
    assumeTrue(container.isTomcat(), "NIO2 is a connector of Tomcat");
    AtomicReference<IntSupplier> port = new AtomicReference<>();
    try (Logs logs = Logs.capture();
        Site site =
            Site.startBehind(
                container, SafeAsyncConfig.defaults(), app -> port.set(TomcatNio2.join(app)))) {
      isPolled(site, port.get().getAsInt());
      logs.assertQuiet();
    }
  }

  /** As a forwarding header does it, and as any address is in another network namespace. */
  @ParameterizedTest
  @EveryContainer
  void forgedAddress_onlyAWriteTells_andThatIsSaid_G7_G12(Container container) throws Exception {
    Map<String, ?> forged = Map.of("getRemoteAddr", "192.0.2.7");
    try (Logs logs = Logs.swallow();
        Site site =
            Site.startBehind(
                container, SafeAsyncConfig.defaults(), app -> BareRequests.precede(app, forged));
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      Witness.await()
          .atMost(Witness.SOON_IN_THE_TABLE)
          .until(() -> response.detection() == Detection.ON_WRITE);
      client.closeFin();
      witness.notNoticed();
      Site.writeUntilEnd(response);
      // Undertow may tell of the write that failed before it has thrown.
      witness.noticed(Evidence.WRITE_FAILED, Evidence.CONNECTION_LOST);
      if (container != Container.UNDERTOW) { // whose I/O thread is out of reach with all the rest
        logs.assertQuiet();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void withoutASelector_theTableIsPolled_G6_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = startWith(container, EnumSet.of(Layer.TABLE_POLLING))) {
      isPolled(site, site.server().port());
      logs.assertQuiet();
    }
  }

  private static void isPolled(Site site, int port) throws Exception {
    try (RawClient finished = RawClient.connect(port);
        RawClient reset = RawClient.connect(port);
        RawClient stays = RawClient.connect(port)) {
      finished.get("/take");
      Witness first = Witness.of(site.take());
      reset.get("/take");
      Witness second = Witness.of(site.take());
      stays.get("/take");
      SafeAsyncResponse sound = site.take();
      Witness third = Witness.of(sound);
      site.awaitWatching(3);
      assertThat(sound.detection()).isEqualTo(Detection.POLL);
      finished.closeFin();
      first.noticedInTheTable(Evidence.FIN);
      // Whatever showed that has shown the others standing, without which a reset says nothing.
      reset.closeRst();
      second.noticedInTheTable(Evidence.RST);
      assertThat(first.departure().noticedBy()).startsWith("polling + ");
      sound.finish("sound");
      assertThat(stays.readResponse().body()).isEqualTo("sound");
      third.completes();
      site.awaitWatching(0);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void withoutAnything_aWriteTells_G6_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = startWith(container, Set.of());
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      assertThat(response.detection()).isEqualTo(Detection.ON_WRITE);
      client.closeFin();
      witness.notNoticed();
      assertThat(response.detection()).isEqualTo(Detection.ON_WRITE);
      Site.writeUntilEnd(response);
      witness.noticed(Evidence.WRITE_FAILED, Evidence.CONNECTION_LOST);
      logs.assertQuiet();
    }
  }

  /** Whoever closes it knows: no departure, and no exception to anyone. */
  @ParameterizedTest
  @EveryContainer
  void closedChannel_isNotWatched_G1(Container container) throws Exception {
    BlockingQueue<SafeAsyncResponse> closed = new LinkedBlockingQueue<>();
    Handler closing =
        (request, out) -> {
          SafeAsyncResponse response = SafeAsyncResponse.of(request);
          Connections.behind(Site.unguarded(request)).channel().close();
          closed.add(response);
        };
    try (Logs expected = Logs.swallow();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app -> app.handler("/closing", closing));
        RawClient client = RawClient.connect(site.server());
        RawClient other = RawClient.connect(site.server())) {
      client.get("/closing");
      SafeAsyncResponse response = closed.poll(Site.PATIENCE_SECONDS, TimeUnit.SECONDS);
      Witness witness = Witness.of(response);
      client.awaitClose();
      Site.writeUntilEnd(response);
      assertThat(witness.ended()).isEqualTo(End.Kind.DISCONNECTED);
      assertThat(other.get("/plain").readResponse().body()).isEqualTo("plain");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stoppedWhileClientsHangUp_eachEndsOnce_G2_G4(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container)) {
      List<RawClient> clients = new ArrayList<>();
      List<Witness> witnesses = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        clients.add(RawClient.connect(site.server()).get("/take"));
        witnesses.add(Witness.of(site.take()));
      }
      site.awaitWatching(20);
      Thread killer =
          new Thread(
              () -> {
                for (RawClient client : clients) {
                  try {
                    client.closeRst();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }
              });
      killer.start();
      site.server().stopApplication();
      killer.join();
      for (Witness each : witnesses) {
        assertThat(each.ended()).isIn(End.Kind.DISCONNECTED, End.Kind.SHUT_DOWN);
      }
      assertThat(site.exchanges().scope().watching()).isZero();
      logs.assertQuiet();
    }
  }
}
