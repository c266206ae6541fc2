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
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** How soon an idle SseEmitter hears that its client has left, with the filter and without. */
class IdleEmitterIT {

  private static final int TRIES = 20;

  /** Longer than detect-after: most who wait for an event have done so for a while. */
  private static final Duration IDLE = Duration.ofMillis(60);

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(Emitting.class)
  static class Application {}

  private final CountedBytes counted = new CountedBytes();

  @BeforeEach
  void reset() {
    Emitting.reset();
  }

  private static SseEmitter pending() throws InterruptedException {
    Object pending = Emitting.PENDING.poll(10, SECONDS);
    assertThat(pending).isInstanceOf(SseEmitter.class);
    return (SseEmitter) pending;
  }

  @ParameterizedTest
  @EveryContainer
  void withTheFilter_hearsAtOnce_withNothingWritten_G6(Container container) throws Exception {
    double[] millis = new double[TRIES];
    try (Logs logs = Logs.capture();
        TestServer server =
            MvcServer.start(container, Application.class, counted, new SafeAsyncFilter())) {
      for (int i = 0; i < TRIES; i++) {
        Emitting.reset();
        RawClient client = RawClient.connect(server).get("/sse");
        pending();
        LockSupport.parkNanos(IDLE.toNanos());
        long closed = System.nanoTime();
        client.closeFin();
        await()
            .pollInterval(Duration.ofMillis(1))
            .atMost(Duration.ofSeconds(10))
            .until(() -> Emitting.HEARD.contains("onCompletion"));
        assertThat(Emitting.HEARD).containsExactly("onError", "onCompletion");
        millis[i] = (Emitting.toldNanos - closed) / 1e6;
      }
      assertThat(counted.get()).isZero();
      logs.assertQuiet();
    }
    Arrays.sort(millis);
    System.out.printf(
        "%s: SseEmitter.onError after the close, %d tries: median %.1f ms, worst %.1f ms%n",
        container, TRIES, (millis[TRIES / 2 - 1] + millis[TRIES / 2]) / 2, millis[TRIES - 1]);
  }

  @ParameterizedTest
  @EveryContainer
  void withoutTheFilter_hearsNothingBeforeASendFails(Container container) throws Exception {
    try (Logs expected = Logs.swallow();
        TestServer server = MvcServer.start(container, Application.class, counted)) {
      RawClient client = RawClient.connect(server).get("/sse");
      SseEmitter emitter = pending();
      client.closeFin();
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(20))
          .until(Emitting.HEARD::isEmpty);
      assertThat(counted.get()).isZero();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                send(emitter);
                return !Emitting.HEARD.isEmpty();
              });
      assertThat(counted.get()).isPositive();
      expected.clear();
    }
  }

  private static void send(SseEmitter emitter) {
    try {
      emitter.send("x".repeat(10_000));
    } catch (IOException | IllegalStateException e) {
      completed(emitter, e);
    }
  }

  /** Spring leaves the rest to the container, which on Jetty waits for the application. */
  private static void completed(SseEmitter emitter, Exception failure) {
    try {
      emitter.completeWithError(failure);
    } catch (IllegalStateException toldMeanwhile) {
      // Tomcat has told the listeners, and lets nobody else dispatch then.
    }
  }
}
