package io.github.safeasync.observe;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/** What stands in the log for people on call: which request it was. */
class LinesIT {

  private final List<SafeAsyncResponse> taken = new CopyOnWriteArrayList<>();
  private final List<AsyncContext> contexts = new CopyOnWriteArrayList<>();
  private final List<String> shown = new CopyOnWriteArrayList<>();

  private TestServer start(Container container, Map<String, String> settings) throws Exception {
    return container.start(
        app ->
            app.filter(new SafeAsyncFilter(), settings)
                .handler("/take", this::take)
                .handler("/show/*", this::show)
                .handler("/failing", this::failing)
                .handler("/own", (request, response) -> request.startAsync()));
  }

  private void take(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    Handle unused = response.cancelOnDisconnect(new CompletableFuture<>());
    contexts.add(request.getAsyncContext());
    taken.add(response);
  }

  private void show(HttpServletRequest request, HttpServletResponse response) throws IOException {
    shown.add(request.toString());
    shown.add(response.toString());
    SafeAsyncResponse own = SafeAsyncResponse.of(request);
    shown.add(own.toString());
    shown.add(own.token().toString());
    shown.add(own.cancelOnDisconnect(new CompletableFuture<>()).toString());
    shown.add(own.onEnd(end -> {}).toString());
    shown.add(own.onDisconnect(departure -> {}).toString());
    shown.add(own.onWritable(() -> {}).toString());
    shown.add(own.heartbeat(Duration.ofMinutes(1), ByteBuffer.allocate(1)).toString());
    shown.add(request.getAsyncContext().toString());
    shown.add(request.getInputStream().toString());
    own.finish("shown");
  }

  private void failing(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    Handle unused = response.onEnd(end -> fail());
    request.getAsyncContext().addListener(new Failing());
    taken.add(response);
  }

  private static final class Failing implements AsyncListener {

    @Override
    public void onError(AsyncEvent event) {
      fail();
    }

    @Override
    public void onComplete(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private static void until(org.awaitility.core.ThrowingRunnable holds) {
    await().atMost(Duration.ofSeconds(20)).untilAsserted(holds);
  }

  private static List<String> linesOn(Logs logs, Level level, String path) {
    return logs.lines(level).stream().filter(line -> line.contains(path)).toList();
  }

  @ParameterizedTest
  @EveryContainer
  void clientLeaves_oneLineSaysWhich(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container, Map.of())) {
      RawClient client = RawClient.connect(server).get("/take?card=4111");
      int port = client.localPort();
      until(() -> assertThat(taken).hasSize(1));
      client.closeFin();
      until(() -> assertThat(linesOn(logs, Level.FINE, "/take")).hasSize(1));
      assertThat(linesOn(logs, Level.FINE, "/take").get(0))
          .matches(
              "The client has gone: exchange [0-9]+ \\(GET /take of 127\\.0\\.0\\.1:"
                  + port
                  + "\\) DISCONNECTED after [0-9]+ ms \\(FIN noticed by .*\\); cancels 1 FUTURE");
      assertThat(taken.get(0).toString())
          .startsWith("SafeAsyncResponse of exchange ")
          .contains("GET /take of 127.0.0.1:" + port, "DISCONNECTED after ");
      logs.assertQuiet();
    }
  }

  private static void sendPart(SafeAsyncResponse response) throws Exception {
    response.write("a part");
    response.flush().toCompletableFuture().get(20, SECONDS);
  }

  private static void fail() {
    throw new IllegalStateException("no user \u001b[31m\r\nINFO forged");
  }

  @ParameterizedTest
  @EveryContainer
  void exchangeFails_oneWarningSaysWhich_withNothingThatMovesTheCursor(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, Map.of());
        RawClient client = RawClient.connect(server).get("/take")) {
      until(() -> assertThat(taken).hasSize(1));
      sendPart(taken.get(0));
      taken.get(0).guard(LinesIT::fail).run();
      until(() -> assertThat(linesOn(logs, Level.WARNING, "/take")).hasSize(1));
      assertThat(linesOn(logs, Level.WARNING, "/take").get(0))
          .startsWith("An exchange failed: exchange ")
          .contains("(GET /take of 127.0.0.1:", "FAILED after ", "no user \\u001b[31m\\r\\nINFO")
          .doesNotContain("\n", "\u001b");
      assertThat(linesOn(logs, Level.FINE, "/take")).isEmpty();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void listenersFail_eachWarningSaysOfWhich(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, Map.of())) {
      RawClient client = RawClient.connect(server).get("/failing");
      int port = client.localPort();
      until(() -> assertThat(taken).hasSize(1));
      client.closeFin();
      until(() -> assertThat(linesOn(logs, Level.WARNING, "/failing")).hasSize(2));
      assertThat(linesOn(logs, Level.WARNING, "/failing"))
          .allMatch(line -> line.contains("(GET /failing of 127.0.0.1:" + port + ")"))
          .anyMatch(line -> line.startsWith("A listener failed on being told of the end of exch"))
          .anyMatch(line -> line.startsWith("An AsyncListener failed on being told of ERROR by "));
    }
  }

  @ParameterizedTest
  @EveryContainer
  void whatFailsBehindTheEnd_saysOfWhich(Container container) throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Filter breaking =
        (request, response, chain) ->
            chain.doFilter(request, new Breaking((HttpServletResponse) response, broken));
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(breaking)
                        .filter(new SafeAsyncFilter())
                        .handler("/take", this::take))) {
      RawClient client = RawClient.connect(server).get("/take");
      until(() -> assertThat(taken).hasSize(1));
      broken.set(true);
      AsyncContext context = contexts.get(0);
      client.closeFin();
      until(() -> assertThat(linesOn(logs, Level.WARNING, "/take")).hasSize(1));
      assertThat(linesOn(logs, Level.WARNING, "/take").get(0))
          .startsWith("Could not close a request in the container of exchange ")
          .contains("(GET /take of 127.0.0.1:" + client.localPort() + "), DISCONNECTED after ");
      context.start(LinesIT::fail);
      until(() -> assertThat(linesOn(logs, Level.WARNING, "A task failed")).hasSize(1));
      assertThat(linesOn(logs, Level.WARNING, "A task failed").get(0))
          .startsWith("A task failed of exchange ")
          .contains("(GET /take of 127.0.0.1:" + client.localPort() + "), DISCONNECTED after ");
    }
  }

  /** The response of a filter that has lost its mind. */
  private static final class Breaking extends HttpServletResponseWrapper {

    private final AtomicBoolean broken;

    Breaking(HttpServletResponse response, AtomicBoolean broken) {
      super(response);
      this.broken = broken;
    }

    @Override
    public boolean isCommitted() {
      if (broken.get()) {
        throw new AssertionError("a fault of another filter");
      }
      return super.isCommitted();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void serverStops_nobodyIsWarnedOfTheConnectionsThatItCloses(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container, Map.of());
        RawClient waiting = RawClient.connect(server).get("/take");
        RawClient reading = RawClient.connect(server).get("/take")) {
      until(() -> assertThat(taken).hasSize(2));
      sendPart(taken.get(1));
      server.close();
      until(() -> assertThat(taken).noneMatch(SafeAsyncResponse::isOpen));
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void whatAnApplicationHolds_saysWhichExchangeItIsOf(Container container) throws Exception {
    try (TestServer server = start(container, Map.of());
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/show/a%0Ab").readResponse().status()).isIn(200, 400);
      if (shown.isEmpty()) { // Refused by the container.
        assertThat(client.get("/show/ab").readResponse().body()).isEqualTo("shown");
      }
      assertThat(shown)
          .hasSize(11)
          .allSatisfy(
              line ->
                  assertThat(line)
                      .matches(".* exchange [0-9]+ \\(GET /show/a.* (NEW|STARTING|OPEN).*"));
    }
  }

  @ParameterizedTest
  @EveryContainer
  void summary_countsWhatEndedInThePeriod(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container, Map.of("log-summary", "PT0.2S"))) {
      RawClient.connect(server).get("/take").closeFin();
      String line = "ended 1 DISCONNECTED (1 FIN); cancelled 1 FUTURE; open 0";
      until(() -> assertThat(linesOn(logs, Level.INFO, line)).hasSize(1));
      await()
          .during(Duration.ofMillis(600))
          .until(() -> linesOn(logs, Level.INFO, "; open ").size() == 1);
    }
  }
}
