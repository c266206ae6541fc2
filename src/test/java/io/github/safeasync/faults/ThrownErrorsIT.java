package io.github.safeasync.faults;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
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
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An Error thrown at each place at which the library calls out: the exchange is told and closed,
 * once, and the watcher, the timers and the pools go on.
 */
class ThrownErrorsIT {

  private static final List<Supplier<? extends Error>> ALL =
      List.of(
          () -> new OutOfMemoryError("thrown by the test"),
          () -> new StackOverflowError("thrown by the test"),
          () -> new LinkageError("thrown by the test"));

  /** One of them is enough to see that no place lets an Error go by. */
  private static final List<Supplier<? extends Error>> ERRORS =
      Tries.areAll() ? ALL : ALL.subList(0, 1);

  private record Begun(Exchange exchange, CompletionStage<End> end) {}

  private final BlockingQueue<Begun> begun = new LinkedBlockingQueue<>();
  private volatile ThrowingApplication application;
  private volatile Fault fault;

  private void serve(HttpServletRequest request, HttpServletResponse response) throws IOException {
    begun.add(new Begun(Exchange.of(request), CancellationToken.current().end()));
    application.serve(request, response, fault);
  }

  /** The filter goes on: of the next exchange a hang-up and a timeout are told. */
  private static void goesOn(Site site) throws Exception {
    RawClient client = RawClient.connect(site.server()).get("/take");
    SafeAsyncResponse next = site.take();
    client.closeRst();
    assertThat(Site.endOf(next).kind()).isEqualTo(End.Kind.DISCONNECTED);
  }

  private End endOf(Begun now) throws Exception {
    Witness.await()
        .atMost(20, SECONDS)
        .dontCatchUncaughtExceptions()
        .untilAsserted(
            () -> assertThat(now.exchange().lifecycle().phase()).isEqualTo(Lifecycle.Phase.CLOSED));
    return now.end().toCompletableFuture().get(10, SECONDS);
  }

  private End play(Site site, ThrowingApplication place, Supplier<? extends Error> error)
      throws Exception {
    application = place;
    fault = new Fault(error);
    String head = place.isUpload() ? "POST" : "GET";
    try (RawClient client = RawClient.connect(site.server())) {
      client.send(
          head
              + " /fault HTTP/1.1\r\nHost: localhost\r\n"
              + (place.isUpload() ? "Content-Length: 100\r\n\r\n0123456789" : "\r\n"));
      Begun now = begun.poll(10, SECONDS);
      assertThat(now).as("%s", place).isNotNull();
      if (place.isBefore()) {
        isStruck(place);
      }
      if (place != ThrowingApplication.ASYNC_LISTENER_ON_TIMEOUT) {
        client.closeRst();
      }
      isStruck(place);
      return endOf(now);
    }
  }

  private void isStruck(Object place) {
    assertThat(fault.struck()).as("%s", place).succeedsWithin(Duration.ofSeconds(10));
  }

  @ParameterizedTest
  @EveryContainer
  void byTheApplication_exchangeIsToldAndClosed_andTheFilterGoesOn_G13(Container container)
      throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().cancel(CancelPolicy.ALWAYS).build();
    try (Logs logs = Logs.swallow();
        Site site =
            Site.start(
                container, Transport.PLAIN, config, app -> app.handler("/fault", this::serve))) {
      for (ThrowingApplication place : ThrowingApplication.values()) {
        for (Supplier<? extends Error> error : ERRORS) {
          logs.clear();
          play(site, place, error);
          List<String> warnings = warnings(logs);
          assertThat(warnings).as("%s", place).hasSizeLessThanOrEqualTo(1);
          if (!place.isLeftToContainer()) {
            assertThat(warnings).as("%s", place).hasSize(1);
            assertThat(warnings.get(0)).contains(" exchange ", " /fault of 127.0.0.1:");
          }
        }
        goesOn(site);
      }
    }
  }

  private static List<String> warnings(Logs logs) {
    return logs.lines(Level.WARNING);
  }

  /**
   * The same of a call of the container's, for an exchange that is finished, and one that is not.
   */
  @ParameterizedTest
  @EveryContainer
  void byTheContainer_exchangeIsToldAndClosed_andTheFilterGoesOn_G13(Container container)
      throws Exception {
    AtomicReference<ThrowingContainer> place = new AtomicReference<>();
    try (Logs logs = Logs.swallow();
        Site site =
            Site.startBehind(
                container,
                SafeAsyncConfig.defaults(),
                app ->
                    app.filter(
                            (in, out, chain) -> {
                              HttpServletRequest request = (HttpServletRequest) in;
                              HttpServletResponse response = (HttpServletResponse) out;
                              ThrowingContainer now = place.get();
                              chain.doFilter(now.wrap(request, fault), now.wrap(response, fault));
                            },
                            "/fault")
                        .handler("/fault", this::take))) {
      for (ThrowingContainer each : ThrowingContainer.values()) {
        for (boolean finishes : new boolean[] {true, false}) {
          for (Supplier<? extends Error> error : ERRORS) {
            logs.clear();
            place.set(each);
            fault = new Fault(error);
            play(site, each, finishes);
            assertThat(warnings(logs)).as("%s", each).hasSizeLessThanOrEqualTo(1);
          }
          goesOn(site);
        }
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
                app ->
                    app.filter(
                            (in, out, chain) ->
                                chain.doFilter(
                                    ThrowingContainer.ADD_LISTENER.wrap(
                                        (HttpServletRequest) in, fault),
                                    out),
                            "/guarded/*")
                        .filter(new SafeAsyncFilter(), "/guarded/*")
                        .handler("/raw", own)
                        .handler("/guarded/own", own)
                        .handler("/guarded/librarys", librarys));
        RawClient client = RawClient.connect(server)) {
      client.get("/raw").readResponse();
      long raw = timeouts.take();
      assertThat(raw).isPositive();
      for (String path : List.of("/guarded/own", "/guarded/librarys")) {
        fault = new Fault(ERRORS.get(0));
        client.get(path).readResponse();
        isStruck(path);
        assertThat(timeouts.take()).as(path).isEqualTo(raw);
      }
    }
  }

  private void play(Site site, ThrowingContainer place, boolean finishes) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      client.get("/fault?finishes=" + finishes);
      Begun now = begun.poll(10, SECONDS);
      assertThat(now).as("%s", place).isNotNull();
      if (place.isOfStart()) {
        isStruck(place);
        Witness.await()
            .dontCatchUncaughtExceptions()
            .untilAsserted(
                () ->
                    assertThat(now.exchange().lifecycle().phase())
                        .as("%s", place)
                        .isEqualTo(Lifecycle.Phase.NEW));
        return;
      }
      if (finishes) {
        isStruck(place);
      } else {
        client.closeRst();
      }
      End end = endOf(now);
      assertThat(end.kind())
          .as("%s", place)
          .isIn(End.Kind.FAILED, End.Kind.COMPLETED, End.Kind.DISCONNECTED);
    }
  }

  /** More than a container takes at once, once the servlet has returned. */
  private void take(HttpServletRequest request, HttpServletResponse response) {
    begun.add(new Begun(Exchange.of(request), CancellationToken.current().end()));
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
}
