package io.github.safeasync.libraries;

import static io.github.safeasync.libraries.Deployment.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.libraries.Deployment.Kind;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/** A loop that only a failing write ends, with the filter merely mapped and without it. */
class EndlessLoopIT {

  private static final int CLIENTS = 20;

  private Endless endless = new Endless();

  @AfterEach
  void stop() {
    endless.stop();
  }

  private Deployment start(Kind kind, Container container) throws Exception {
    endless = new Endless();
    return Deployment.start(
        kind,
        container,
        app ->
            app.handler("/synchronous", (in, out) -> endless.synchronously(in, out))
                .handler("/thread", (in, out) -> endless.inAThread(in, out))
                .handler("/start", (in, out) -> endless.byStart(in, out)));
  }

  /** How many loops ended by themselves. */
  private Seen<Integer> leave(Kind kind, Container container, String path, int clients)
      throws Exception {
    try (Deployment deployment = start(kind, container);
        Crowd crowd = Crowd.connect(deployment, path, clients)) {
      crowd.leave();
      await()
          .atMost(SOON)
          .untilAsserted(
              () -> {
                assertThat(endless.ended).as("%s: ended loops", kind).hasValue(clients);
                assertThat(endless.running).as("%s: busy threads", kind).hasValue(0);
              });
      deployment.awaitNoExchange();
      return new Seen<>(endless.ended.get(), deployment.complaints());
    }
  }

  private void endsAsWithoutTheFilter(Container container, String path, int clients)
      throws Exception {
    Seen<Integer> raw = leave(Kind.RAW, container, path, clients);
    leave(Kind.FILTERED, container, path, clients).assertNoWorseThan(raw);
  }

  @ParameterizedTest
  @EveryContainer
  void loop_inAThreadOfTheApplication_endsWithItsClient_G13(Container container) throws Exception {
    endsAsWithoutTheFilter(container, "/thread", CLIENTS);
  }

  /** Fewer than Undertow has threads: each occupies one. */
  @ParameterizedTest
  @EveryContainer
  void loop_inAThreadOfTheContainer_endsWithItsClient_G13(Container container) throws Exception {
    endsAsWithoutTheFilter(container, "/start", 6);
    endsAsWithoutTheFilter(container, "/synchronous", 6);
  }
}
