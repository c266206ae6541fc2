package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What containers do to a second request when the first is written to at the wrong moment: shown
 * with a servlet on the raw API, and absent with the library. G3.
 */
class ContainerFaultsIT {

  private static final byte[] A = "A".repeat(100).getBytes(java.nio.charset.StandardCharsets.UTF_8);

  /** Tries of a race; the raw servlet stops at the first damage. */
  private static final int TRIES = 1000;

  /** Fits the sockets' buffers: the client reads only afterwards. */
  private static final int WRITES = 500;

  private final BlockingQueue<AsyncContext> raw = new LinkedBlockingQueue<>();

  private Site start(Container container) throws Exception {
    return start(container, Transport.PLAIN);
  }

  private Site start(Container container, Transport transport) throws Exception {
    return Site.start(
        container,
        transport,
        SafeAsyncConfig.defaults(),
        application ->
            application
                .handler(
                    "/flushed", // a flush meets the failure that Tomcat has kept
                    (in, out) -> {
                      out.getWriter().write("plain");
                      out.flushBuffer();
                    })
                .handler("/raw", (in, out) -> raw.add(startAsync(Site.unguarded(in))))
                .handler("/guarded", (in, out) -> raw.add(startAsync(in))));
  }

  private static AsyncContext startAsync(ServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    return context;
  }

  @ParameterizedTest
  @EveryContainer
  void staleResponse_onJettyWritesIntoTheNextRequest(Container container) throws Exception {
    assumeTrue(container.isJetty(), "only Jetty lets a stale stream reach the next request");
    try (Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/raw");
      AsyncContext first = raw.poll(10, SECONDS);
      ServletOutputStream stale = first.getResponse().getOutputStream();
      stale.print("first");
      first.complete();
      assertThat(client.readResponse().body()).isEqualTo("first");

      client.get("/raw");
      AsyncContext second = raw.poll(10, SECONDS);
      stale.print("STALE");
      second.getResponse().getOutputStream().print("second");
      second.complete();
      assertThat(client.readResponse().body()).contains("STALE");
    }
  }

  /**
   * Under load two threads read one connection (Http2AsyncParser on NioOperationState, 10.1.61 and
   * 11.0.27), one of them meets frames out of order, and Tomcat closes it without a word in its
   * log; with useAsyncIO="false" it does not, see StreamIT.
   */
  @ParameterizedTest
  @EveryContainer
  void manyRequestsAtOnce_onTomcatMayCloseTheirConnection(Container container) throws Exception {
    assumeTrue(container.isTomcat(), "only Tomcat reads a connection on two threads");
    try (Site site = start(container, Transport.H2C)) {
      boolean closed = false;
      for (int i = 0; i < 200 && !closed; i++) {
        closed = isClosedUnderManyRequests(site);
      }
      assumeTrue(closed, "the race was not met this time");
    }
  }

  private static boolean isClosedUnderManyRequests(Site site) throws Exception {
    try (Http2Client client = Http2Client.connect(site.server())) {
      List<Http2Exchange> exchanges = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        exchanges.add(client.get("/plain"));
      }
      for (Http2Exchange each : exchanges) {
        if (each.awaitEnd() == RawResponse.End.TRUNCATED) {
          return true;
        }
      }
      return false;
    } catch (ExecutionException refused) { // a request that came after the close
      return true;
    }
  }

  /** Http2UpgradeHandler.goaway and Http2Channel close the connection; Jetty lets it end. */
  @ParameterizedTest
  @EveryContainer
  void goAway_onTomcatAndUndertowCutsOffWhatHasBegun(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = start(container, Transport.H2C);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.get("/raw");
      AsyncContext context = raw.poll(10, SECONDS);
      client.goAway();
      if (container.isJetty()) {
        context.getResponse().getWriter().write("whole");
        context.complete();
        assertThat(exchange.awaitBody()).isEqualTo("whole");
      } else {
        assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
      }
    }
  }

  /** AsyncStateMachine.asyncPostProcess of 11.0.27; SlowClientIT shows that the library's comes. */
  @ParameterizedTest
  @EveryContainer
  void endBeyondTheClientsWindow_onTomcat11NeverComes(Container container) throws Exception {
    assumeTrue(container == Container.TOMCAT_11, "only Tomcat 11 forgets who is to be woken");
    try (Site site = start(container, Transport.H2C)) {
      boolean came = true;
      for (int i = 0; i < 20 && came; i++) { // It comes where the client reads soon enough.
        came = endBeyondTheClientsWindowComes(site);
      }
      assertThat(came)
          .as("remove TomcatConnection.needsFlushBeforeEnd if this release of Tomcat sends it")
          .isFalse();
    }
  }

  private boolean endBeyondTheClientsWindowComes(Site site) throws Exception {
    try (Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.getUnread("/raw");
      AsyncContext context = raw.poll(10, SECONDS);
      WholeBody body = new WholeBody(context, Http2Client.STREAM_WINDOW + 10_000);
      context.getResponse().getOutputStream().setWriteListener(body);
      body.completed.get(10, SECONDS);
      exchange.read();
      exchange.end().get(1, SECONDS);
      return true;
    } catch (TimeoutException never) {
      return false;
    }
  }

  /** SafeAsyncResponse's are shown to come by Http2FramingIT. */
  @ParameterizedTest
  @EveryContainer
  void headThatIsStreamed_onTomcatsHttp2NeverComes(Container container) throws Exception {
    try (Site site = start(container, Transport.H2C);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.head("/raw");
      AsyncContext context = raw.poll(10, SECONDS);
      context.getResponse().getOutputStream().setWriteListener(new WholeBody(context, 10));
      comesUnless(container.isTomcat(), exchange);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void headWithoutABody_onTomcat11NeverComes(Container container) throws Exception {
    try (Site site = start(container, Transport.H2C);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.head("/raw");
      AsyncContext context = raw.poll(10, SECONDS);
      context.getResponse().setContentLength(5);
      context.complete();
      comesUnless(container == Container.TOMCAT_11, exchange);
    }
  }

  private static void comesUnless(boolean isLost, Http2Exchange exchange) throws Exception {
    boolean came = true;
    try {
      exchange.end().get(isLost ? 2 : 30, SECONDS);
    } catch (TimeoutException never) {
      came = false;
    }
    assertThat(came)
        .as("remove TomcatConnection.losesHeadResponses if this release of Tomcat sends them")
        .isEqualTo(!isLost);
  }

  /** Writes a body as the specification wants it, on the raw API, and completes. */
  private static final class WholeBody implements WriteListener {

    final CompletableFuture<Void> completed = new CompletableFuture<>();
    private final AsyncContext context;
    private final byte[] body;
    private boolean isWritten;

    WholeBody(AsyncContext context, int length) {
      this.context = context;
      this.body = new byte[length];
    }

    @Override
    public void onWritePossible() throws IOException {
      ServletOutputStream stream = context.getResponse().getOutputStream();
      while (stream.isReady()) {
        if (isWritten) {
          context.complete();
          completed.complete(null);
          return;
        }
        isWritten = true;
        stream.write(body);
      }
    }

    @Override
    public void onError(Throwable failure) {
      completed.completeExceptionally(failure);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void endRacingAWriteInFlight_rawServletDamagesTheNextRequest(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = start(container)) {
      boolean damaged = false;
      for (int i = 0; i < 3 * TRIES && !damaged; i++) {
        damaged = !isSound(site.server(), "/raw", this::writeRawWhileCompleting);
      }
      assumeTrue(damaged || container == Container.UNDERTOW, "the race was not met this time");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void endRacingAWriteInFlight_guardsKeepTheNextRequestWhole_G3(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container)) {
      for (int i = 0; i < Tries.of(TRIES); i++) {
        assertThat(isSound(site.server(), "/guarded", this::writeRawWhileCompleting))
            .as("try %d", i)
            .isTrue();
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void staleResponse_guardedReachesNobody_G3(Container container) throws Exception {
    try (Site site = start(container);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/guarded");
      AsyncContext first = raw.poll(10, SECONDS);
      ServletOutputStream stale = first.getResponse().getOutputStream();
      stale.print("first");
      first.complete();
      assertThat(client.readResponse().body()).isEqualTo("first");

      client.get("/guarded");
      AsyncContext second = raw.poll(10, SECONDS);
      assertThatThrownBy(() -> stale.print("STALE")).isInstanceOf(IOException.class);
      assertThatThrownBy(stale::flush).isInstanceOf(IOException.class);
      ((HttpServletResponse) first.getResponse()).sendError(500);
      stale.close();
      second.getResponse().getOutputStream().print("second");
      second.complete();
      RawResponse response = client.readResponse();
      assertThat(response.body()).isEqualTo("second");
      assertThat(response.status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void endRacingAWriteInFlight_libraryKeepsTheNextRequestWhole_G3(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container)) {
      for (int i = 0; i < Tries.of(TRIES); i++) {
        assertThat(isSound(site.server(), "/take", () -> writeWhileFinishing(site)))
            .as("try %d", i)
            .isTrue();
      }
      logs.assertQuiet();
    }
  }

  /** Whether A came whole, with nothing but its bytes, and B after it and beside it came right. */
  private static boolean isSound(TestServer server, String path, Race race) throws Exception {
    try (RawClient client = RawClient.connect(server);
        RawClient beside = RawClient.connect(server)) {
      client.readTimeout(java.time.Duration.ofSeconds(10));
      client.get(path);
      race.run();
      RawResponse a = client.readResponse();
      return a.isComplete()
          && a.body().chars().allMatch(c -> c == 'A')
          && isPlain(client.get("/plain").readResponse())
          && isPlain(beside.get("/plain").readResponse());
    } catch (IOException | NumberFormatException broken) { // the latter: bytes where a chunk begins
      return false;
    }
  }

  private static boolean isPlain(RawResponse response) {
    return response.status() == 200 && response.isComplete() && response.body().equals("plain");
  }

  private void writeRawWhileCompleting() throws Exception {
    AsyncContext context = raw.poll(10, SECONDS);
    ServletOutputStream stream = context.getResponse().getOutputStream();
    AtomicBoolean writing = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < WRITES; i++) {
                  stream.write(A);
                  stream.flush();
                  writing.set(true);
                }
              } catch (IOException | RuntimeException expected) {
                // The raw API answers a late write with any of these.
              }
            });
    writer.start();
    spinUntil(writing);
    context.complete();
    writer.join();
  }

  private static void writeWhileFinishing(Site site) throws Exception {
    SafeAsyncResponse response = site.take();
    AtomicBoolean writing = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              for (int i = 0; i < WRITES && response.write(A); i++) {
                response.flush();
                writing.set(true);
              }
              writing.set(true);
            });
    writer.start();
    spinUntil(writing);
    assertThat(response.finish()).isTrue();
    writer.join();
    assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
  }

  /** A short time more, so that the end falls anywhere in the writer's loop. */
  private static void spinUntil(AtomicBoolean condition) {
    while (!condition.get()) {
      Thread.onSpinWait();
    }
    for (int i = ThreadLocalRandom.current().nextInt(2000); i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writeFailingOnAnApplicationThread_libraryPoisonsNobody_G3(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container)) {
      assertThat(victims(site, "/take", () -> Site.writeUntilEnd(site.take()), 300)).isZero();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writeFailingOnAnApplicationThread_guardsPoisonNobody_G3(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container)) {
      assertThat(victims(site, "/guarded", this::writeRawUntilFailure, 300)).isZero();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writeFailingOnAnApplicationThread_onTomcatPoisonsAnotherConnection(Container container)
      throws Exception {
    assumeTrue(container.isTomcat(), "only Tomcat keeps the failure in a pooled processor");
    try (Logs logs = Logs.swallow();
        Site site = start(container)) {
      int victims = 0;
      for (int i = 0; i < 90 && victims == 0; i++) {
        victims = victims(site, "/raw", this::writeRawUntilFailure, 10);
      }
      assumeTrue(victims > 0, "the race was not met this time");
    }
  }

  private void writeRawUntilFailure() throws Exception {
    ServletOutputStream stream = raw.poll(10, SECONDS).getResponse().getOutputStream();
    try {
      for (int i = 0; i < 100_000; i++) {
        stream.write(A);
        stream.flush();
      }
    } catch (IOException | RuntimeException expected) {
      // The raw API answers a late write with any of these.
    }
  }

  /** Resets a client while its response is written, again and again; counts who suffers beside. */
  private static int victims(Site site, String path, Race writeUntilFailure, int tries)
      throws Exception {
    int victims = 0;
    for (int i = 0; i < tries; i++) {
      try (RawClient killed = RawClient.connect(site.server());
          RawClient victim = RawClient.connect(site.server())) {
        killed.get(path);
        Thread writer =
            new Thread(
                () -> {
                  try {
                    writeUntilFailure.run();
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
        writer.start();
        killed.readLine();
        killed.closeRst();
        for (int request = 0; request < 3; request++) {
          victims += isUnharmed(victim) ? 0 : 1;
        }
        writer.join();
      }
    }
    return victims;
  }

  private static boolean isUnharmed(RawClient victim) {
    try {
      return isPlain(victim.get("/flushed").readResponse());
    } catch (IOException broken) {
      return false;
    }
  }

  @FunctionalInterface
  private interface Race {
    void run() throws Exception;
  }

  /**
   * Where the head does not fit its buffer of 16 KiB, Undertow (2.3.26) leaves line ends in the
   * values; of any character it sends the lower octet, which for U+010A is a line feed.
   */
  @ParameterizedTest
  @EveryContainer
  void longHead_onUndertowIsSplitByItsValues_notByTheLibrarys(Container container)
      throws Exception {
    String value = "y".repeat(20_000) + "\u010d\u010aX-Injected: 1";
    try (Logs unheard = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter())
                        .handler("/raw", (in, out) -> out.setHeader("X-Text", value))
                        .handler(
                            "/guarded",
                            (in, out) -> {
                              SafeAsyncResponse response = SafeAsyncResponse.of(in);
                              assertThatThrownBy(() -> response.header("X-Text", value))
                                  .isInstanceOf(IllegalArgumentException.class);
                              response.finish();
                            }))) {
      assertThat(headers(server, "/raw").containsKey("X-Injected"))
          .isEqualTo(container == Container.UNDERTOW);
      assertThat(headers(server, "/guarded")).doesNotContainKeys("X-Injected", "X-Text");
    }
  }

  private static Map<String, List<String>> headers(TestServer server, String path)
      throws IOException {
    try (RawClient client = RawClient.connect(server).get(path)) {
      return client.readResponse().headers();
    }
  }
}
