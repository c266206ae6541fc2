package io.github.safeasync.jaxrs;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ConnectionCallback;
import jakarta.ws.rs.ext.RuntimeDelegate;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;

/** What a JAX-RS resource hears of a hang-up, on every container; once for each implementation. */
abstract class JaxRsTests {

  private static final Duration SOON = Duration.ofSeconds(10);

  private final RuntimeDelegate delegate;
  private final Semaphore returned = new Semaphore(0);

  /**
   * Tests one implementation.
   *
   * @param delegate its own, as several are on the tests' class path
   */
  JaxRsTests(RuntimeDelegate delegate) {
    this.delegate = delegate;
  }

  /** Adds the implementation's servlet, at every path, with {@link Waiting} as the resource. */
  abstract void deploy(TestApplication application);

  @BeforeEach
  void reset() {
    RuntimeDelegate.setInstance(delegate);
    Waiting.reset();
  }

  @AfterEach
  void letGo() {
    RuntimeDelegate.setInstance(null);
  }

  private TestServer start(Container container) throws Exception {
    return container.start(
        app -> {
          app.filter(this::noteReturn).filter(new SafeAsyncFilter());
          deploy(app);
        });
  }

  private void noteReturn(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      chain.doFilter(request, response);
    } finally {
      returned.release();
    }
  }

  /**
   * Returns what a request has left pending, when its thread has returned: on Tomcat, RESTEasy
   * deadlocks with itself where an event is sent before that (its stream's monitor and the
   * connection's lock, taken in both orders).
   */
  private <T> T pending(Class<T> type) throws InterruptedException {
    Object pending = Waiting.PENDING.poll(10, SECONDS);
    assertThat(pending).isInstanceOf(type);
    assertThat(returned.tryAcquire(10, SECONDS)).isTrue();
    return type.cast(pending);
  }

  @ParameterizedTest
  @EveryContainer
  void connectionCallback_isCalledAtTheHangUp_withNoWrite_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      RawClient fin = RawClient.connect(server).get("/response");
      AsyncResponse first = pending(AsyncResponse.class);
      fin.closeFin();
      await().atMost(SOON).until(() -> Waiting.HEARD.contains("onDisconnect"));
      await().atMost(SOON).until(first::isCancelled);
      assertThat(first.resume("late")).isFalse();

      RawClient rst = RawClient.connect(server).get("/response");
      AsyncResponse second = pending(AsyncResponse.class);
      rst.closeRst();
      await().atMost(SOON).until(second::isCancelled);
      assertThat(Waiting.HEARD.stream().filter("onDisconnect"::equals)).hasSize(2);

      second.register((ConnectionCallback) gone -> Waiting.HEARD.add("late"));
      assertThat(Waiting.HEARD.stream().filter("late"::equals)).hasSize(1);
      logs.assertQuiet();
    }
  }

  /** Nothing is called but what JAX-RS has itself. */
  @ParameterizedTest
  @EveryContainer
  void unchangedResource_isToldAtTheHangUp_withNoWrite_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      RawClient waiting = RawClient.connect(server).get("/unguarded");
      AsyncResponse response = pending(AsyncResponse.class);
      waiting.closeFin();
      await().atMost(SOON).until(() -> Waiting.HEARD.contains("onDisconnect"));
      await().atMost(SOON).until(response::isCancelled);
      assertThat(response.resume("late")).isFalse();
      await().atMost(SOON).until(() -> Waiting.HEARD.size() > 1);
      assertThat(Waiting.HEARD).containsExactly("onDisconnect", "onComplete null");

      RawClient listening = RawClient.connect(server).get("/unguarded-sse");
      SseEventSink sink = pending(SseEventSink.class);
      assertThat(sink.isClosed()).isFalse();
      listening.closeFin();
      await().atMost(SOON).until(sink::isClosed);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void callbackThatFails_keepsNoOtherFromBeingCalled_G2(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      RawClient client = RawClient.connect(server).get("/failing");
      AsyncResponse response = pending(AsyncResponse.class);
      client.closeFin();
      await().atMost(SOON).until(() -> Waiting.HEARD.size() == 4);
      assertThat(Waiting.HEARD)
          .containsExactly(
              "onDisconnect fails", "onDisconnect", "onComplete fails", "onComplete null");
      assertThat(response.isCancelled()).isTrue();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void sseSink_isClosedByTheHangUp_withNoWrite_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      RawClient silent = RawClient.connect(server).get("/sse");
      SseEventSink never = pending(SseEventSink.class);
      silent.closeFin();
      await().atMost(SOON).until(never::isClosed);

      RawClient client = RawClient.connect(server).get("/sse");
      SseEventSink sink = pending(SseEventSink.class);
      sink.send(Waiting.sse.newEvent("hello"));
      assertThat(nextData(client)).isEqualTo("data: hello");
      assertThat(sink.isClosed()).isFalse();
      client.closeFin();
      await().atMost(SOON).until(sink::isClosed);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void broadcast_reachesTheLiving_afterAnotherHungUp(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RawClient living = RawClient.connect(server).get("/broadcast")) {
      SseEventSink open = pending(SseEventSink.class);
      RawClient leaving = RawClient.connect(server).get("/broadcast");
      SseEventSink closed = pending(SseEventSink.class);
      Waiting.broadcaster.broadcast(Waiting.sse.newEvent("both"));
      assertThat(nextData(living)).isEqualTo("data: both");
      assertThat(nextData(leaving)).isEqualTo("data: both");
      leaving.closeRst();
      await().atMost(SOON).until(closed::isClosed);
      for (int i = 0; i < 3; i++) {
        Waiting.broadcaster.broadcast(Waiting.sse.newEvent("one" + i));
        assertThat(nextData(living)).isEqualTo("data: one" + i);
      }
      assertThat(open.isClosed()).isFalse();
      logs.assertQuiet();
    }
  }

  private static String nextData(RawClient client) throws Exception {
    String line = client.readLine();
    while (!line.startsWith("data:")) {
      line = client.readLine();
    }
    return line;
  }

  @ParameterizedTest
  @EveryContainer
  void stage_thatCompletesAfterTheHangUp_isQuiet_G12(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      for (boolean failing : new boolean[] {false, true}) {
        RawClient witness = RawClient.connect(server).get("/response");
        AsyncResponse seen = pending(AsyncResponse.class);
        RawClient client = RawClient.connect(server).get("/stage");
        @SuppressWarnings("unchecked")
        CompletableFuture<String> stage = pending(CompletableFuture.class);
        client.closeFin();
        witness.closeFin();
        await().atMost(SOON).until(seen::isCancelled);
        if (failing) {
          stage.completeExceptionally(new jakarta.ws.rs.NotFoundException());
        } else {
          stage.complete("late");
        }
      }
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
        client.get("/response");
        assertThat(pending(AsyncResponse.class).resume("resumed")).isTrue();
        assertThat(client.readResponse().body()).isEqualTo("resumed");

        // Tomcat closes the connection after a 503.
        try (RawClient refused = RawClient.connect(server).get("/response")) {
          assertThat(pending(AsyncResponse.class).cancel()).isTrue();
          assertThat(refused.readResponse().status()).isEqualTo(503);
        }

        client.get("/stage");
        @SuppressWarnings("unchecked")
        CompletableFuture<String> stage = pending(CompletableFuture.class);
        stage.complete("staged");
        assertThat(client.readResponse().body()).isEqualTo("staged");

        client.get("/sse");
        SseEventSink sink = pending(SseEventSink.class);
        sink.send(Waiting.sse.newEvent("sent")).toCompletableFuture().get(10, SECONDS);
        sink.close();
        assertThat(client.readResponse().body()).contains("data: sent");
      }
      assertThat(Waiting.HEARD).doesNotContain("onDisconnect");
      logs.assertQuiet();
    }
  }
}
