package io.github.safeasync.libraries;

import static io.github.safeasync.libraries.Deployment.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.libraries.Deployment.Kind;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;

/** Jetty's EventSourceServlet, whose clients have left, on every container. */
class EventSourceIT {

  private static final int CLIENTS = 10;

  /** How many sources heard of it. */
  private static Seen<Integer> leave(Kind kind, Container container) throws Exception {
    Events events = new Events();
    Map<String, String> everySecond = Map.of("heartBeatPeriod", "1");
    try (Deployment deployment =
            Deployment.start(kind, container, app -> app.servlet("/events", events, everySecond));
        Crowd crowd = Crowd.connect(deployment, "/events", CLIENTS, "Accept: text/event-stream")) {
      await().atMost(SOON).until(() -> events.opened.size() == CLIENTS);
      crowd.leave();
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(events.closed).as("%s: onClose", kind).hasValue(CLIENTS));
      deployment.awaitNoExchange();
      return new Seen<>(events.closed.get(), deployment.complaints());
    }
  }

  @ParameterizedTest
  @EveryContainer
  void heartbeat_tellsEverySourceThatItsClientLeft_G13(Container container) throws Exception {
    Seen<Integer> raw = leave(Kind.RAW, container);
    leave(Kind.FILTERED, container).assertNoWorseThan(raw);
  }
}
