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
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.filter.ServerHttpObservationFilter;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** What {@code http.server.requests} records of clients that leave: Spring's filter behind ours. */
class ObservationIT {

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(Emitting.class)
  static class Application {}

  /** What the meter of Spring Boot would be tagged with, a line an observation. */
  private static final class Recorded implements ObservationHandler<Observation.Context> {
    private final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public void onStop(Observation.Context context) {
      List<String> tags = new ArrayList<>();
      for (String each : List.of("status", "outcome", "exception")) {
        tags.add(context.getLowCardinalityKeyValue(each).getValue());
      }
      lines.add(String.join(" ", tags));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
      return true;
    }
  }

  private final Recorded recorded = new Recorded();

  @BeforeEach
  void reset() {
    Emitting.reset();
  }

  private TestServer start(Container container, boolean filtered) throws Exception {
    AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext();
    context.register(Application.class);
    ObservationRegistry registry = ObservationRegistry.create();
    registry.observationConfig().observationHandler(recorded);
    if (filtered) {
      registry.observationConfig().observationFilter(new LostClientObservations());
    }
    return container.start(
        app -> {
          if (filtered) {
            app.filter(new SafeAsyncFilter());
          }
          app.filter(new ServerHttpObservationFilter(registry));
          app.servlet("/", new DispatcherServlet(context));
        });
  }

  private static Object pending() throws InterruptedException {
    Object pending = Emitting.PENDING.poll(10, SECONDS);
    assertThat(pending).isNotNull();
    return pending;
  }

  private List<String> answered(Container container, boolean filtered) throws Exception {
    recorded.lines.clear();
    try (TestServer server = start(container, filtered);
        RawClient client = RawClient.connect(server)) {
      Emitting.reset();
      Emitting.gate.countDown();
      client.get("/callable").readResponse();
      // A client may have its answer before that is recorded.
      await().atMost(Duration.ofSeconds(10)).until(() -> recorded.lines.size() == 1);
      client.get("/nothing").readResponse();
      await().atMost(Duration.ofSeconds(10)).until(() -> recorded.lines.size() == 2);
      return List.copyOf(recorded.lines);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void answered_isRecordedAsWithoutTheFilter_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow()) {
      List<String> raw = answered(container, false);
      assertThat(answered(container, true)).isEqualTo(raw);
      assertThat(raw).containsExactly("200 SUCCESS none", "404 CLIENT_ERROR none");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void aborted_isRecordedOnce_as499_withNothingWritten(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, true)) {
      for (String path : List.of("/deferred", "/sse")) {
        recorded.lines.clear();
        RawClient client = RawClient.connect(server).get(path);
        Object pending = pending();
        client.closeFin();
        await().atMost(Duration.ofSeconds(10)).until(() -> !recorded.lines.isEmpty());
        answerLate(pending);
        await().during(Duration.ofMillis(300)).until(() -> recorded.lines.size() == 1);
        assertThat(recorded.lines)
            .as(path)
            .containsExactly("499 CLIENT_GONE ClientDisconnectedException");
      }
    }
  }

  /** What Spring Boot shows without the filter: a success, whenever it is answered at last. */
  @ParameterizedTest
  @EveryContainer
  void abortedWithoutTheFilter_isRecordedAsASuccess(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, false)) {
      RawClient client = RawClient.connect(server).get("/deferred");
      Object pending = pending();
      client.closeFin();
      await().during(Duration.ofMillis(300)).until(recorded.lines::isEmpty);
      answerLate(pending);
      await().atMost(Duration.ofSeconds(10)).until(() -> !recorded.lines.isEmpty());
      assertThat(recorded.lines).containsExactly("200 SUCCESS none");
    }
  }

  private static void answerLate(Object pending) {
    if (pending instanceof SseEmitter emitter) {
      try {
        emitter.send("late");
      } catch (IOException | IllegalStateException gone) {
        // What Spring answers to a send after the completion.
      }
    } else {
      @SuppressWarnings("unchecked")
      DeferredResult<String> result = (DeferredResult<String>) pending;
      result.setResult("late");
    }
  }
}
