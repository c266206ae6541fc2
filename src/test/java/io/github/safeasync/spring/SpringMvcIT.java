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
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyEmitter;

/** Spring MVC on every container, with the filter merely mapped. */
class SpringMvcIT {

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(Emitting.class)
  static class Application {}

  @BeforeEach
  void reset() {
    Emitting.reset();
  }

  private static TestServer start(Container container) throws Exception {
    return MvcServer.start(container, Application.class, new SafeAsyncFilter());
  }

  private static Object pending() throws InterruptedException {
    Object pending = Emitting.PENDING.poll(10, SECONDS);
    assertThat(pending).isNotNull();
    return pending;
  }

  @ParameterizedTest
  @EveryContainer
  void emitters_hearOfTheHangUp_withNoWrite_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      for (String path : new String[] {"/sse", "/emitter"}) {
        Emitting.reset();
        RawClient client = RawClient.connect(server).get(path);
        ResponseBodyEmitter emitter = (ResponseBodyEmitter) pending();
        client.closeFin();
        await().atMost(Duration.ofSeconds(10)).until(() -> Emitting.HEARD.contains("onCompletion"));
        assertThat(Emitting.HEARD).containsExactly("onError", "onCompletion");
        try {
          emitter.send("late");
        } catch (IllegalStateException completed) {
          // Spring's own answer to a send after the completion.
        }
        emitter.complete();
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void deferredResult_hearsOfTheHangUp_withNoWrite_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      RawClient client = RawClient.connect(server).get("/deferred");
      @SuppressWarnings("unchecked")
      DeferredResult<String> result = (DeferredResult<String>) pending();
      client.closeFin();
      await().atMost(Duration.ofSeconds(10)).until(() -> Emitting.HEARD.contains("onCompletion"));
      assertThat(Emitting.HEARD).containsExactly("onError", "onCompletion");
      result.setResult("late");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void answers_areAsWithoutTheFilter(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 3; i++) {
        client.get("/deferred");
        @SuppressWarnings("unchecked")
        DeferredResult<String> result = (DeferredResult<String>) pending();
        result.setResult("deferred");
        assertThat(client.readResponse().body()).isEqualTo("deferred");

        client.get("/emitter");
        ResponseBodyEmitter emitter = (ResponseBodyEmitter) pending();
        emitter.send("emitted");
        emitter.complete();
        assertThat(client.readResponse().body()).isEqualTo("emitted");

        Emitting.gate.countDown();
        assertThat(client.get("/callable").readResponse().body()).isEqualTo("called");
        assertThat(client.get("/streaming").readResponse().body()).isEqualTo("streamed");
        Emitting.reset();
      }
      logs.assertQuiet();
    }
  }

  /** Spring interrupts the thread of a Callable at onError: so the work stops with the client. */
  @ParameterizedTest
  @EveryContainer
  void work_isInterruptedByTheHangUp_G9(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RawClient beside = RawClient.connect(server)) {
      RawClient callable = RawClient.connect(server).get("/callable");
      pending();
      RawClient streaming = RawClient.connect(server).get("/streaming");
      pending();
      callable.closeFin();
      streaming.closeRst();
      await()
          .untilAsserted(
              () ->
                  assertThat(Emitting.HEARD)
                      .containsExactlyInAnyOrder("callable interrupted", "streaming interrupted"));
      Emitting.gate.countDown();
      assertThat(beside.get("/callable").readResponse().body()).isEqualTo("called");
      logs.assertQuiet();
    }
  }
}
