package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.params.ParameterizedTest;

/** Telling, closing and shutting down go on with the next step, whatever the one before threw. */
class ShutdownStepsIT {

  private static final int EXCHANGES = 6;

  /** Writes down what it is told, and throws. */
  private static final class Failing implements AsyncListener, WriteListener {
    private final List<String> heard;

    Failing(List<String> heard) {
      this.heard = heard;
    }

    private void heard(String what) {
      heard.add(what);
      throw new AssertionError("from " + what);
    }

    @Override
    public void onComplete(AsyncEvent event) {
      heard("onComplete");
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      heard("onTimeout");
    }

    @Override
    public void onError(AsyncEvent event) {
      heard("onError");
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}

    @Override
    public void onWritePossible() {}

    @Override
    public void onError(Throwable failure) {
      heard("WriteListener.onError");
    }
  }

  private final BlockingQueue<Exchange> started = new LinkedBlockingQueue<>();
  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();

  private Exchange next() throws InterruptedException {
    Exchange exchange = started.poll(Site.PATIENCE_SECONDS, SECONDS);
    assertThat(exchange).isNotNull();
    return exchange;
  }

  private void start(HttpServletRequest request, HttpServletResponse response, boolean streamed)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(new Failing(heard));
    context.addListener(new Failing(heard));
    if (streamed) {
      response.getOutputStream().setWriteListener(new Failing(heard));
    }
    started.add(Exchange.of(request));
  }

  /** An outer filter's response that fails at the stop, as one whose classes are gone does. */
  private static final class Broken extends HttpServletResponseWrapper {
    private final AtomicBoolean stopping;

    Broken(HttpServletResponse response, AtomicBoolean stopping) {
      super(response);
      this.stopping = stopping;
    }

    @Override
    public boolean isCommitted() {
      if (stopping.get()) {
        throw new NoClassDefFoundError("gone");
      }
      return super.isCommitted();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void responseThatThrowsAtTheStop_keepsNothingElseFromEnding_G4(Container container)
      throws Exception {
    List<RawClient> clients = new ArrayList<>();
    AtomicBoolean stopping = new AtomicBoolean();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(
                            "breaking",
                            (in, out, chain) ->
                                chain.doFilter(in, new Broken((HttpServletResponse) out, stopping)),
                            Map.of(),
                            true,
                            EnumSet.allOf(DispatcherType.class),
                            "/broken/*")
                        .filter(new SafeAsyncFilter())
                        .handler(
                            "/broken/*",
                            (in, out) -> {
                              SafeAsyncResponse.of(in).onEnd(ends::add);
                              started.add(Exchange.of(in));
                            })
                        .handler(
                            "/sound",
                            (in, out) -> {
                              SafeAsyncResponse.of(in).onEnd(ends::add);
                              started.add(Exchange.of(in));
                            }))) {
      Exchanges exchanges = null;
      for (int i = 0; i < EXCHANGES; i++) {
        clients.add(RawClient.connect(server).get(i % 2 == 0 ? "/broken/" : "/sound"));
        exchanges = next().exchanges();
      }
      stopping.set(true);
      server.stopApplication();
      for (int i = 0; i < EXCHANGES; i++) {
        End end = ends.poll(Site.PATIENCE_SECONDS, SECONDS);
        // Tomcat's own sweep, once a second, times out what waits in a stopped application.
        assertThat(end)
            .isNotNull()
            .extracting(End::kind)
            .isIn(End.Kind.SHUT_DOWN, container.isTomcat() ? End.Kind.TIMED_OUT : null);
      }
      assertThat(exchanges.size()).isZero();
      assertThat(exchanges.scope().watching()).isZero();
    } finally {
      for (RawClient each : clients) {
        each.close();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void listenersThatThrowErrors_areEachTold_G2(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter())
                        .handler("/streams", (in, out) -> start(in, out, true)))) {
      RawClient client = RawClient.connect(server).get("/streams");
      Exchange exchange = next();
      client.closeRst();
      Witness.await()
          .atMost(Witness.SOON)
          .untilAsserted(
              () ->
                  assertThat(heard)
                      .containsExactly(
                          "WriteListener.onError",
                          "onError",
                          "onError",
                          "onComplete",
                          "onComplete"));
      assertThat(exchange.lifecycle().phase()).isEqualTo(Lifecycle.Phase.CLOSED);
    }
  }

  /** Of a dispatch that fails behind a committed response Jetty tells no AsyncListener. */
  @ParameterizedTest
  @EveryContainer
  void dispatchThatHasFailedJustBeforeTheStop_isTold_G2(Container container) throws Exception {
    List<String> completions = new CopyOnWriteArrayList<>();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter())
                        .handler(
                            "/dispatching",
                            (in, out) -> {
                              AsyncContext context = in.startAsync();
                              context.addListener(
                                  new DeafListener() {
                                    @Override
                                    public void onComplete(AsyncEvent event) {
                                      completions.add("onComplete");
                                    }
                                  });
                              context.dispatch("/failing");
                            })
                        .handler(
                            "/failing",
                            (in, out) -> {
                              out.getOutputStream().print("a part of it");
                              out.flushBuffer();
                              throw new IllegalStateException("of the application");
                            }));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/dispatching").readResponse().body()).startsWith("a part of it");

      server.stopApplication();

      Witness.await()
          .atMost(Witness.SOON)
          .untilAsserted(() -> assertThat(completions).containsExactly("onComplete"));
    }
  }
}
