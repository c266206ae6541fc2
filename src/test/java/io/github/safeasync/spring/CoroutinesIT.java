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
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/**
 * Suspending functions and a Flow of a controller in Kotlin, which was not changed: whether they
 * are cancelled when their client leaves, and clean up.
 */
class CoroutinesIT {

  private static final int TRIES = 10;

  /** Longer than detect-after. */
  private static final Duration IDLE = Duration.ofMillis(60);

  private static final List<String> PATHS = List.of("/suspended", "/flow");

  static final BlockingQueue<String> BEGUN = new LinkedBlockingQueue<>();

  /** When one was cancelled, by System.nanoTime. */
  static final BlockingQueue<Long> CANCELLED = new LinkedBlockingQueue<>();

  static final BlockingQueue<String> CLEANED = new LinkedBlockingQueue<>();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(SafeAsyncMvcConfiguration.class)
  static class Application {

    @Bean
    SuspendingController controller() {
      return new SuspendingController(BEGUN, CANCELLED, CLEANED);
    }
  }

  @BeforeEach
  void reset() {
    BEGUN.clear();
    CANCELLED.clear();
    CLEANED.clear();
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
    assertThat(BEGUN.poll(10, SECONDS)).isNotNull();
    LockSupport.parkNanos(IDLE.toNanos());
    long closed = System.nanoTime();
    client.closeFin();
    return closed;
  }

  @ParameterizedTest
  @EveryContainer
  void idle_isCancelledByTheHangUp_andCleansUp_G9(Container container) throws Exception {
    List<Double> millis = new ArrayList<>();
    try (Logs logs = Logs.capture();
        TestServer server = start(container, new SafeAsyncFilter())) {
      for (int i = 0; i < TRIES; i++) {
        for (String path : PATHS) {
          long closed = leave(server, "GET " + path);
          Long cancelled = CANCELLED.poll(10, SECONDS);
          assertThat(cancelled).as(path).isNotNull();
          assertThat(CLEANED.poll(10, SECONDS)).as(path).isNotNull();
          millis.add((cancelled - closed) / 1e6);
        }
      }
      logs.assertQuiet();
    }
    double[] sorted = millis.stream().mapToDouble(each -> each).sorted().toArray();
    System.out.printf(
        "%s: Kotlin's coroutines cancelled after the close, %d tries: median %.1f ms, worst %.1f"
            + " ms%n",
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

  private static String answer(TestServer server) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      return client.get("/answered").readResponse().body();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void answered_isAsWithoutTheFilter_G13(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer raw = start(container);
        TestServer guarded = start(container, new SafeAsyncFilter())) {
      assertThat(answer(guarded)).isEqualTo(answer(raw)).isEqualTo("answered");
      logs.assertQuiet();
    }
  }
}
