package io.github.safeasync.faults;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.OpenExchanges;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G2, G4, G13: an Error of the application's log, executor or publisher, or of a completion, costs
 * that exchange alone: it ends and is closed once, and the next one is served and watched.
 */
class LostLinesIT {

  private static final class OtherError extends Error {
    private static final long serialVersionUID = 1L;
  }

  private static final List<Supplier<Error>> ERRORS =
      List.of(
          () -> new OutOfMemoryError("Java heap space"), StackOverflowError::new, OtherError::new);

  /** Who lets the exchange end. */
  private enum Way {
    HANG_UP,
    /** It ends by what was thrown, or by a time limit. */
    ITSELF
  }

  /**
   * A place of the application's that is called by the library.
   *
   * @param warnings how many lines of the library's name the exchange: none if the application's
   *     own call has thrown, which goes out of its servlet
   */
  private record Place(String name, Way way, int warnings, Play play) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** What the servlet does at a place. */
  private interface Play {
    void play(LostLinesIT test, HttpServletRequest request, HttpServletResponse response)
        throws Exception;
  }

  private static Place place(String name, Way way, int warnings, Play play) {
    return new Place(name, way, warnings, play);
  }

  private static final List<Place> PLACES =
      List.of(
          place("onEnd", Way.HANG_UP, 1, (test, in, out) -> of(in).onEnd(end -> test.fail())),
          place(
              "AsyncListener.onError",
              Way.HANG_UP,
              1,
              (test, in, out) ->
                  listen(
                      in,
                      new DeafListener() {
                        @Override
                        public void onError(AsyncEvent event) {
                          test.fail();
                        }
                      })),
          place(
              "Publisher.subscribe",
              Way.ITSELF,
              0,
              (test, in, out) -> of(in).send((Flow.Publisher<ByteBuffer>) to -> test.fail())),
          place(
              "Subscription.request",
              Way.ITSELF,
              1,
              (test, in, out) -> of(in).send(test.publisher(true))),
          place(
              "Subscription.cancel",
              Way.HANG_UP,
              1,
              (test, in, out) -> of(in).send(test.publisher(false))));

  /** Methods of the container's, which fail once while the exchange is on its way to its end. */
  private static final List<String> AT_A_HANG_UP =
      List.of("complete", "setAttribute", "isCommitted");

  private static final List<String> AT_A_FINISH = List.of("complete", "getBufferSize");

  private static final List<String> IN_A_TIMEOUT =
      List.of("sendError", "getHeader", "getBufferSize", "isCommitted", "complete");

  private final BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
  private final BlockingQueue<SafeAsyncResponse> responses = new LinkedBlockingQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final FaultyContainer faults = new FaultyContainer();
  private final OpenExchanges open = new OpenExchanges();
  private final List<String> wrong = new ArrayList<>();
  private volatile Supplier<Error> error = OtherError::new;

  private void fail() {
    calls.incrementAndGet();
    throw error.get();
  }

  private static SafeAsyncResponse of(HttpServletRequest request) {
    return SafeAsyncResponse.of(request);
  }

  private static AsyncContext listen(HttpServletRequest request, DeafListener listener) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(listener);
    return context;
  }

  private Flow.Publisher<ByteBuffer> publisher(boolean failsAtRequest) {
    return subscriber ->
        subscriber.onSubscribe(
            new Flow.Subscription() {
              @Override
              public void request(long count) {
                if (failsAtRequest) {
                  fail();
                }
              }

              @Override
              public void cancel() {
                if (!failsAtRequest) {
                  fail();
                }
              }
            });
  }

  private TestServer start(Container container, SafeAsyncConfig config) throws Exception {
    return container.start(
        Transport.PLAIN,
        app -> {
          app.filter(faults).filter(SafeAsyncFilter.create(config)).filter(open);
          app.handler(
              "/take",
              (in, out) -> {
                SafeAsyncResponse response = SafeAsyncResponse.of(in);
                exchanges.add(Exchange.of(in));
                responses.add(response);
              });
          for (int i = 0; i < PLACES.size(); i++) {
            Place place = PLACES.get(i);
            app.handler(
                "/place" + i,
                (in, out) -> {
                  try {
                    place.play.play(this, in, out);
                  } catch (IOException | RuntimeException e) {
                    throw e;
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  } finally {
                    exchanges.add(Exchange.of(in));
                  }
                });
          }
        });
  }

  private static List<Supplier<Error>> errorsOf(int row) {
    return Tries.areAll() ? ERRORS : List.of(ERRORS.get(row % ERRORS.size()));
  }

  @ParameterizedTest
  @EveryContainer
  void callbackThatThrowsAnError_costsItsExchangeAlone_G2_G4_G13(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, SafeAsyncConfig.defaults())) {
      for (int i = 0; i < PLACES.size(); i++) {
        for (Supplier<Error> each : errorsOf(i)) {
          error = each;
          calls.set(0);
          logs.clear();
          Place place = PLACES.get(i);
          String name = place + " " + each.get();
          at(server, name, "/place" + i, place.way);
          expect(name + ": calls", 1, calls::get);
          expect(name + ": lines", place.warnings, () -> warnings(logs));
          goesOn(server, name);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private void at(TestServer server, String name, String path, Way way) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      client.get(path);
      Exchange exchange = next(name);
      switch (way) {
        case HANG_UP -> client.closeRst();
        case ITSELF -> {}
      }
      ends(name, exchange);
      if (way != Way.HANG_UP) {
        hears(name, client);
      }
    }
  }

  private Exchange next(String name) throws InterruptedException {
    Exchange exchange = exchanges.poll(10, SECONDS);
    assertThat(exchange).as(name).isNotNull();
    return exchange;
  }

  private void ends(String name, Exchange exchange) {
    expect(name + ": live", 0, () -> exchange.isLive() ? 1 : 0);
    expect(name + ": open", 0, open::count);
  }

  /** An answer, or the end of the connection; not silence. */
  private void hears(String name, RawClient client) throws IOException {
    try {
      int unused = client.read(new byte[10_000]);
    } catch (SocketTimeoutException silence) {
      wrong.add(name + ": the client hears nothing");
    } catch (IOException reset) {
      // As good as closed.
    }
  }

  private static int warnings(Logs logs) {
    return (int)
        logs.lines(Level.WARNING).stream()
            .filter(line -> line.contains("/take") || line.contains("/place"))
            .count();
  }

  private void expect(String what, int wanted, Supplier<Integer> actual) {
    long deadline = System.nanoTime() + Witness.SOON.toNanos();
    while (actual.get() != wanted && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    if (actual.get() != wanted) {
      wrong.add(what + " " + actual.get() + ", not " + wanted);
    }
  }

  /** The next request is answered, and the one after it is told of its hang-up. */
  private void goesOn(TestServer server, String name) throws Exception {
    faults.reset();
    exchanges.clear();
    try (RawClient client = RawClient.connect(server).get("/take")) {
      SafeAsyncResponse response = responses.poll(10, SECONDS);
      response.finish("sound");
      assertThat(client.readResponse().body()).as(name).isEqualTo("sound");
      client.get("/take");
      SafeAsyncResponse left = responses.poll(10, SECONDS);
      client.closeRst();
      End end = left.end().toCompletableFuture().get(10, SECONDS);
      assertThat(end.kind()).as(name).isEqualTo(End.Kind.DISCONNECTED);
    }
    expect(name + ": open afterwards", 0, open::count);
    exchanges.clear();
  }

  private void container(Logs logs, TestServer server, String phase, List<String> methods)
      throws Exception {
    int row = 0;
    for (String method : methods) {
      for (Supplier<Error> each : errorsOf(row++)) {
        String name = phase + " " + method + " " + each.get();
        logs.clear();
        faults.reset();
        AtomicInteger told = new AtomicInteger();
        try (RawClient client = RawClient.connect(server).get("/take")) {
          SafeAsyncResponse response = responses.poll(10, SECONDS);
          Exchange exchange = next(name);
          response.onEnd(end -> told.incrementAndGet());
          faults.fail(method, 1, each);
          switch (phase) {
            case "hang-up" -> client.closeRst();
            case "finish" -> response.status(201).header("X-One", "1").finish("whole");
            default -> {}
          }
          ends(name, exchange);
          expect(name + ": told", 1, told::get);
          if (!phase.equals("hang-up")) {
            hears(name, client);
          }
        }
        int thrown = faults.thrown();
        // sendError(-1), with which the library leaves Jetty, ends the request by itself.
        boolean aborted =
            phase.equals("hang-up") && server.container().name().startsWith("JETTY") && thrown == 0;
        expect(name + ": completed", aborted ? 0 : 1, faults::mostCompletions);
        goesOn(server, name);
        int said = warnings(logs);
        if (said != thrown) {
          wrong.add(name + ": thrown " + thrown + ", lines " + logs.lines(Level.WARNING));
        }
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void containerThatThrowsAnError_costsItsExchangeAlone_G2_G4_G13(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, SafeAsyncConfig.defaults())) {
      container(logs, server, "hang-up", AT_A_HANG_UP);
      container(logs, server, "finish", AT_A_FINISH);
    }
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(container, SafeAsyncConfig.builder().timeout(Duration.ofMillis(100)).build())) {
      container(logs, server, "timeout", IN_A_TIMEOUT);
    }
    assertThat(wrong).isEmpty();
  }

  /** Whoever cannot log a line loses the line. */
  @ParameterizedTest
  @EveryContainer
  void logHandlerThatThrowsAnError_losesTheLineAlone_G2_G4_G13(Container container)
      throws Exception {
    Logger library = Logger.getLogger("io.github.safeasync");
    Handler failing =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            fail();
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, SafeAsyncConfig.defaults())) {
      library.addHandler(failing);
      try {
        for (int i = 0; i < PLACES.size(); i++) {
          error = ERRORS.get(i % ERRORS.size());
          String name = PLACES.get(i) + " and the log";
          at(server, name, "/place" + i, PLACES.get(i).way);
          goesOn(server, name);
        }
      } finally {
        library.removeHandler(failing);
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** An executor of the application's that has no thread left. */
  @ParameterizedTest
  @EveryContainer
  void executorThatThrowsAnError_isDoneWithout_G2_G4_G13(Container container) throws Exception {
    Executor exhausted =
        task -> {
          throw new OutOfMemoryError("unable to create native thread");
        };
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(container, SafeAsyncConfig.builder().executor(exhausted).build())) {
      for (int i = 0; i < 3; i++) {
        goesOn(server, "executor");
      }
      assertThat(logs.lines(Level.WARNING)).singleElement().asString().contains("refuses tasks");
    }
    assertThat(wrong).isEmpty();
  }
}
