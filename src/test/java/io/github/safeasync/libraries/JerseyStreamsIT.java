package io.github.safeasync.libraries;

import static io.github.safeasync.libraries.Deployment.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.libraries.Deployment.Kind;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.TestApplication;
import jakarta.ws.rs.ext.RuntimeDelegate;
import java.time.Duration;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;
import org.glassfish.jersey.server.internal.RuntimeDelegateImpl;
import org.glassfish.jersey.servlet.ServletContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;

/** Jersey's streams, whose clients have left, with the filter merely mapped and without it. */
class JerseyStreamsIT {

  private static final int CLIENTS = 10;

  private Streams streams = new Streams();

  @BeforeEach
  void useJersey() {
    RuntimeDelegate.setInstance(new RuntimeDelegateImpl());
  }

  @AfterEach
  void letGo() {
    streams.stop();
    RuntimeDelegate.setInstance(null);
  }

  private Deployment start(Kind kind, Container container) throws Exception {
    streams = new Streams();
    return Deployment.start(kind, container, this::deploy);
  }

  private void deploy(TestApplication application) {
    ResourceConfig config = new ResourceConfig();
    config.register(streams);
    // It would warn that there is no JAXB.
    config.property(ServerProperties.WADL_FEATURE_DISABLE, true);
    application.servlet("/*", new ServletContainer(config));
  }

  private static void untilAsserted(Runnable check) {
    await().pollInterval(Duration.ofMillis(50)).atMost(SOON).untilAsserted(check::run);
  }

  @ParameterizedTest
  @EveryContainer
  void broadcaster_tellsOfEveryClientThatLeft_G13(Container container) throws Exception {
    Seen<Heard> raw = broadcast(Kind.RAW, container);
    broadcast(Kind.FILTERED, container).assertNoWorseThan(raw);
  }

  /** What a broadcaster told. */
  private record Heard(int errors, int closed, long openSinks) {}

  private Seen<Heard> broadcast(Kind kind, Container container) throws Exception {
    try (Deployment deployment = start(kind, container);
        Crowd crowd = Crowd.connect(deployment, "/broadcast", CLIENTS)) {
      await().atMost(SOON).until(() -> streams.sinks.size() == CLIENTS);
      deployment.awaitServletsOut();
      crowd.leave();
      untilAsserted(
          () -> {
            streams.tellAll();
            assertThat(streams.failed).as("%s: onError", kind).hasValue(CLIENTS);
            assertThat(streams.openSinks()).as("%s: open sinks", kind).isZero();
          });
      deployment.awaitNoExchange();
      return new Seen<>(
          new Heard(streams.failed.get(), streams.closed.get(), streams.openSinks()),
          deployment.complaints());
    }
  }

  @ParameterizedTest
  @EveryContainer
  void chunkedOutput_ofAClientThatLeft_endsItsWriter_G13(Container container) throws Exception {
    Seen<Ended> raw = chunked(Kind.RAW, container);
    chunked(Kind.FILTERED, container).assertNoWorseThan(raw);
  }

  /** What ended by itself. */
  private record Ended(int writers, long openOutputs) {}

  private Seen<Ended> chunked(Kind kind, Container container) throws Exception {
    try (Deployment deployment = start(kind, container);
        Crowd crowd = Crowd.connect(deployment, "/chunked", CLIENTS)) {
      // Jersey logs a write that fails in its servlet's thread, with the filter and without.
      deployment.awaitServletsOut();
      crowd.leave();
      untilAsserted(
          () -> {
            assertThat(streams.ended).as("%s: writers that ended", kind).hasValue(CLIENTS);
            assertThat(streams.openOutputs()).as("%s: open outputs", kind).isZero();
          });
      deployment.awaitNoExchange();
      return new Seen<>(
          new Ended(streams.ended.get(), streams.openOutputs()), deployment.complaints());
    }
  }
}
