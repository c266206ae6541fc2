package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A Mono or Flux of a controller that has nothing to say for a while: whether it is cancelled when
 * its client leaves. To Spring MVC a suspending function of Kotlin is a Mono.
 */
class PublisherIT {

  private static final int TRIES = 10;

  /** Longer than detect-after. */
  private static final Duration IDLE = Duration.ofMillis(60);

  private static final List<String> PATHS = List.of("/mono", "/events", "/list");

  static final BlockingQueue<String> SUBSCRIBED = new LinkedBlockingQueue<>();

  /** When one was cancelled, by System.nanoTime. */
  static final BlockingQueue<Long> CANCELLED = new LinkedBlockingQueue<>();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import({SafeAsyncMvcConfiguration.class, Idling.class})
  static class Application {}

  /** Its answers. */
  @RestController
  static class Idling {

    @GetMapping("/mono")
    Mono<String> mono() {
      return Mono.<String>never().doOnSubscribe(any -> began()).doOnCancel(Idling::cancelled);
    }

    @PostMapping("/posted")
    Mono<String> posted() {
      return mono();
    }

    @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<String> events() {
      return idle();
    }

    @GetMapping(path = "/list", produces = MediaType.APPLICATION_JSON_VALUE)
    Flux<Integer> list() {
      return idle();
    }

    private static <T> Flux<T> idle() {
      return Flux.<T>never().doOnSubscribe(any -> began()).doOnCancel(Idling::cancelled);
    }

    @GetMapping("/answered")
    Mono<String> answered() {
      return Mono.delay(Duration.ofMillis(50))
          .map(tick -> "answered")
          .doOnCancel(Idling::cancelled);
    }

    @GetMapping("/at-once")
    Mono<String> atOnce() {
      return Mono.just("at once").doOnCancel(Idling::cancelled);
    }

    private static void began() {
      SUBSCRIBED.add("began");
    }

    private static void cancelled() {
      CANCELLED.add(System.nanoTime());
    }
  }

  @BeforeEach
  void reset() {
    SUBSCRIBED.clear();
    CANCELLED.clear();
  }

  private static TestServer start(Container container, Filter... filters) throws Exception {
    AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext();
    context.register(Application.class);
    return container.start(
        app -> {
          for (Filter each : filters) {
            app.filter(each);
          }
          app.servlet("/", new DispatcherServlet(context));
        });
  }

  /** A client that leaves while it waits; answers when, by System.nanoTime. */
  private static long leave(TestServer server, String head) throws Exception {
    RawClient client =
        RawClient.connect(server).send(head + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(SUBSCRIBED.poll(10, SECONDS)).isNotNull();
    LockSupport.parkNanos(IDLE.toNanos());
    long closed = System.nanoTime();
    client.closeFin();
    return closed;
  }

  @ParameterizedTest
  @EveryContainer
  void idle_isCancelledByTheHangUp_withNothingWritten_G9(Container container) throws Exception {
    List<Double> millis = new ArrayList<>();
    try (Logs logs = Logs.capture();
        TestServer server = start(container, new SafeAsyncFilter())) {
      for (int i = 0; i < TRIES; i++) {
        for (String path : PATHS) {
          long closed = leave(server, "GET " + path);
          Long cancelled = CANCELLED.poll(10, SECONDS);
          assertThat(cancelled).as(path).isNotNull();
          millis.add((cancelled - closed) / 1e6);
        }
      }
      logs.assertQuiet();
    }
    assertThat(CANCELLED).isEmpty();
    double[] sorted = millis.stream().mapToDouble(each -> each).sorted().toArray();
    System.out.printf(
        "%s: Mono and Flux cancelled after the close, %d tries: median %.1f ms, worst %.1f ms%n",
        container, sorted.length, sorted[sorted.length / 2], sorted[sorted.length - 1]);
  }

  /** Spring by itself cancels at a timeout, and where a write fails. */
  @ParameterizedTest
  @EveryContainer
  void idle_withoutTheFilter_isNotCancelled(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      for (String path : PATHS) {
        leave(server, "GET " + path);
      }
      await().during(Duration.ofSeconds(1)).until(CANCELLED::isEmpty);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void ofAPost_isSpared_asThePolicySays(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, new SafeAsyncFilter())) {
      leave(server, "POST /posted");
      await().during(Duration.ofMillis(500)).until(CANCELLED::isEmpty);
    }
  }

  private static List<String> answers(TestServer server) throws Exception {
    List<String> answers = new ArrayList<>();
    try (RawClient client = RawClient.connect(server)) {
      for (String path : Arrays.asList("/answered", "/at-once", "/answered")) {
        answers.add(client.get(path).readResponse().body());
      }
    }
    return answers;
  }

  @ParameterizedTest
  @EveryContainer
  void answered_isNeverCancelled_G7(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer raw = start(container);
        TestServer guarded = start(container, new SafeAsyncFilter())) {
      assertThat(answers(guarded))
          .isEqualTo(answers(raw))
          .containsExactly("answered", "at once", "answered");
      logs.assertQuiet();
    }
    assertThat(CANCELLED).isEmpty();
  }
}
