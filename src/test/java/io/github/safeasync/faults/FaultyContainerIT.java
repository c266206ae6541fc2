package io.github.safeasync.faults;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An Error thrown by each call that the library makes of the container: the exchange is told and
 * closed, once, and the next one is served and watched.
 */
class FaultyContainerIT {

  /** Of these the exchange has not begun: the Error is the servlet's own, a synchronous one's. */
  private static final List<String> AT_THE_START =
      List.of("startAsync", "addListener", "setTimeout");

  private static final List<String> WHILE_IT_IS_WRITTEN =
      List.of(
          "complete",
          "getOutputStream",
          "setWriteListener",
          "isReady",
          "write",
          "flush",
          "isCommitted",
          "setStatus",
          "setHeader");

  private static final List<String> AT_A_HANG_UP =
      List.of("complete", "setAttribute", "isCommitted");

  private static final List<String> AT_A_FINISH = List.of("complete", "getBufferSize");

  private static final List<String> IN_A_TIMEOUT =
      List.of("sendError", "getHeader", "getBufferSize", "isCommitted", "complete");

  private final FaultyContainer faults = new FaultyContainer();
  private final BlockingQueue<Exchange> begun = new LinkedBlockingQueue<>();

  private Site start(Container container, SafeAsyncConfig config) throws Exception {
    return Site.startBehind(container, config, app -> app.filter(faults));
  }

  /** How an exchange comes to its end. */
  private enum Phase {
    HANG_UP {
      @Override
      void end(RawClient client, SafeAsyncResponse response) throws Exception {
        client.closeRst();
      }
    },
    FINISH {
      @Override
      void end(RawClient client, SafeAsyncResponse response) {
        response.status(201).header("X-One", "1").finish("whole");
      }
    },
    TIMEOUT {
      @Override
      void end(RawClient client, SafeAsyncResponse response) {}
    };

    abstract void end(RawClient client, SafeAsyncResponse response) throws Exception;
  }

  /** sendError(-1), with which the library leaves Jetty, ends the request by itself. */
  private boolean isAborted(Phase phase, Site site) {
    return phase == Phase.HANG_UP && site.server().container().isJetty() && faults.thrown() == 0;
  }

  private void play(Logs logs, Site site, Phase phase, List<String> methods) throws Exception {
    for (int row = 0; row < methods.size(); row++) {
      for (Supplier<? extends Error> error : Fault.errors(row)) {
        String name = phase + " " + methods.get(row) + " " + error.get();
        logs.clear();
        faults.reset();
        AtomicInteger told = new AtomicInteger();
        try (RawClient client = RawClient.connect(site.server()).get("/take")) {
          SafeAsyncResponse response = site.take();
          response.onEnd(end -> told.incrementAndGet());
          faults.fail(methods.get(row), error);
          phase.end(client, response);
          Sound.await()
              .untilAsserted(
                  () -> {
                    assertThat(response.isOpen()).as(name).isFalse();
                    assertThat(site.exchanges().size()).as(name).isZero();
                    assertThat(told).as(name).hasValue(1);
                  });
          if (phase != Phase.HANG_UP) {
            Sound.hears(client, name);
          }
        }
        Sound.await()
            .untilAsserted(
                () ->
                    assertThat(faults.mostCompletions())
                        .as(name)
                        .isEqualTo(isAborted(phase, site) ? 0 : 1));
        int thrown = faults.thrown();
        faults.reset();
        Sound.goesOn(site, name);
        assertThat(logs.lines(Level.WARNING)).as(name).hasSize(thrown);
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void onTheWayToTheEnd_exchangeIsToldAndClosedOnce_G2_G4_G13(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        Site site = start(container, SafeAsyncConfig.defaults())) {
      play(logs, site, Phase.HANG_UP, AT_A_HANG_UP);
      play(logs, site, Phase.FINISH, AT_A_FINISH);
    }
    try (Logs logs = Logs.swallow();
        Site site =
            start(container, SafeAsyncConfig.builder().timeout(Duration.ofMillis(100)).build())) {
      play(logs, site, Phase.TIMEOUT, IN_A_TIMEOUT);
    }
  }

  /** More than a container takes at once, once the servlet has returned. */
  private void write(HttpServletRequest request) {
    begun.add(Exchange.of(request));
    SafeAsyncResponse taken = SafeAsyncResponse.of(request).status(200).header("X-Of", "test");
    if (Boolean.parseBoolean(request.getParameter("finishes"))) {
      new Thread(
              () -> {
                taken.write("a part");
                boolean unused = taken.flush().toCompletableFuture().join();
                taken.finish(new byte[1 << 20]);
              },
              "application")
          .start();
    }
  }

  private void isThrown(String method) {
    Sound.await().untilAsserted(() -> assertThat(faults.thrown()).as(method).isEqualTo(1));
  }

  private static void comesTo(Lifecycle.Phase phase, Exchange exchange, String method) {
    Sound.await()
        .atMost(20, SECONDS)
        .untilAsserted(() -> assertThat(exchange.lifecycle().phase()).as(method).isEqualTo(phase));
  }

  @ParameterizedTest
  @EveryContainer
  void fromTheStart_exchangeIsToldAndClosed_andTheFilterGoesOn_G13(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        Site site =
            Site.startBehind(
                container,
                SafeAsyncConfig.defaults(),
                app -> app.filter(faults).handler("/fault", (in, out) -> write(in)))) {
      for (boolean finishes : new boolean[] {true, false}) {
        fromTheStart(logs, site, AT_THE_START, finishes);
        fromTheStart(logs, site, WHILE_IT_IS_WRITTEN, finishes);
      }
    }
  }

  private void fromTheStart(Logs logs, Site site, List<String> methods, boolean finishes)
      throws Exception {
    for (int row = 0; row < methods.size(); row++) {
      String method = methods.get(row);
      for (Supplier<? extends Error> error : Fault.errors(row)) {
        logs.clear();
        faults.reset();
        faults.fail(method, error);
        try (RawClient client = RawClient.connect(site.server())) {
          client.get("/fault?finishes=" + finishes);
          Exchange exchange = begun.poll(10, SECONDS);
          assertThat(exchange).as(method).isNotNull();
          if (AT_THE_START.contains(method)) {
            isThrown(method);
            comesTo(Lifecycle.Phase.NEW, exchange, method);
          } else {
            if (finishes) {
              isThrown(method);
            } else {
              client.closeRst();
            }
            comesTo(Lifecycle.Phase.CLOSED, exchange, method);
            assertThat(exchange.lifecycle().decidedEnd().kind())
                .as(method)
                .isIn(End.Kind.FAILED, End.Kind.COMPLETED, End.Kind.DISCONNECTED);
          }
        }
        faults.reset();
        Sound.goesOn(site, method);
        assertThat(logs.lines(Level.WARNING)).as(method).hasSizeLessThanOrEqualTo(1);
      }
    }
  }

  /** The timeout of a cycle that cannot be followed, and is completed. */
  private static long timeoutOfUnfollowed(
      HttpServletRequest request, Consumer<HttpServletRequest> start) {
    try {
      start.accept(request);
    } catch (Error thrown) {
      // Whoever catches it leaves the cycle to the container.
    }
    AsyncContext started = Site.unguarded(request).getAsyncContext();
    long timeout = started.getTimeout();
    started.complete();
    return timeout;
  }

  @ParameterizedTest
  @EveryContainer
  void cycleThatCannotBeFollowed_keepsTheContainersTimeout_G13(Container container)
      throws Exception {
    BlockingQueue<Long> timeouts = new LinkedBlockingQueue<>();
    Handler own =
        (in, out) -> timeouts.add(timeoutOfUnfollowed(in, HttpServletRequest::startAsync));
    Handler librarys = (in, out) -> timeouts.add(timeoutOfUnfollowed(in, SafeAsyncResponse::of));
    try (TestServer server =
            container.start(
                Transport.PLAIN,
                app ->
                    app.filter(faults, "/guarded/*")
                        .filter(new SafeAsyncFilter(), "/guarded/*")
                        .handler("/raw", own)
                        .handler("/guarded/own", own)
                        .handler("/guarded/librarys", librarys));
        RawClient client = RawClient.connect(server)) {
      client.get("/raw").readResponse();
      long raw = timeouts.take();
      assertThat(raw).isPositive();
      for (String path : List.of("/guarded/own", "/guarded/librarys")) {
        faults.reset();
        faults.fail("addListener", Fault.errors(0).get(0));
        client.get(path).readResponse();
        isThrown(path);
        assertThat(timeouts.take()).as(path).isEqualTo(raw);
      }
    }
  }
}
