package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.Filter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import reactor.core.publisher.Flux;

/** A Flux of server-sent events whose clients leave, with the filter merely mapped and without. */
class FluxIT {

  private static final int CLIENTS = 40;

  static final AtomicInteger SUBSCRIBED = new AtomicInteger();
  static final AtomicInteger ENDED = new AtomicInteger();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(Ticking.class)
  static class Application {}

  /** Its events. */
  @RestController
  static class Ticking {

    @GetMapping(path = "/ticks", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<String> ticks() {
      return Flux.interval(Duration.ZERO, Duration.ofMillis(100))
          .onBackpressureDrop()
          .map(tick -> "tick " + tick)
          .doOnSubscribe(subscription -> SUBSCRIBED.incrementAndGet())
          .doFinally(signal -> ENDED.incrementAndGet());
    }
  }

  /** What was said above INFO while clients came and left, one in two by a reset. */
  private static List<String> said(Container container, Filter... filters) throws Exception {
    SUBSCRIBED.set(0);
    ENDED.set(0);
    try (Logs logs = Logs.swallow();
        TestServer server = MvcServer.start(container, Application.class, filters)) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        RawClient client = RawClient.connect(server).get("/ticks");
        clients.add(client);
        assertThat(client.readLine()).startsWith("HTTP/1.1 200");
      }
      for (int i = 0; i < CLIENTS; i++) {
        if (i % 2 == 0) {
          clients.get(i).closeRst();
        } else {
          clients.get(i).closeFin();
        }
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () -> {
                assertThat(SUBSCRIBED).hasValue(CLIENTS);
                assertThat(ENDED).hasValue(CLIENTS);
              });
      await().during(Duration.ofMillis(300)).until(() -> true);
      return logs.aboveInfo().stream().map(FluxIT::line).toList();
    }
  }

  private static String line(LogRecord each) {
    return each.getLevel() + " " + each.getLoggerName() + " " + each.getThrown();
  }

  @ParameterizedTest
  @EveryContainer
  void subscriptionsOfClientsThatLeave_end_andNothingIsLoggedThatWasNotBefore_G13(
      Container container) throws Exception {
    List<String> raw = said(container);
    List<String> guarded = said(container, new SafeAsyncFilter());
    System.out.printf(
        "%s: lines of %d clients that left: raw %d, with the filter %d%n",
        container, CLIENTS, raw.size(), guarded.size());
    assertThat(guarded).isEmpty();
  }
}
