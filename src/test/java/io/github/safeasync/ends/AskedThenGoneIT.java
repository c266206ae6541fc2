package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.Ends;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.HangUp;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: what a listener of the container's asks for is carried out, though the client leaves, and
 * that is noticed, after it has asked and before it has returned.
 */
class AskedThenGoneIT {

  private static final int PATIENCE_SECONDS = 10;

  private static final List<String> DONE = List.of("returns", "ASYNC", "onComplete");

  /** One request, whose listener dispatches and returns when its client has left. */
  private static final class Try {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch left = new CountDownLatch(1);
    private final List<String> seen = new CopyOnWriteArrayList<>();

    void start(HttpServletRequest request) {
      AsyncContext context = request.startAsync();
      context.addListener(new Dispatching(this, request));
      context.setTimeout(100);
      if (request.getParameter("fail") != null) {
        context.setTimeout(0);
        throw new IllegalStateException("from the servlet");
      }
    }

    void dispatch(AsyncEvent event, ServletRequest request) {
      event.getAsyncContext().dispatch("/late");
      asked.countDown();
      try {
        left.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      boolean noticed = Ends.await(request, Duration.ofSeconds(PATIENCE_SECONDS));
      seen.add(noticed ? "returns" : "not noticed");
    }
  }

  private static final class Dispatching extends DeafListener {
    private final Try of;
    private final ServletRequest request;

    Dispatching(Try of, ServletRequest request) {
      this.of = of;
      this.request = request;
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      of.dispatch(event, request);
    }

    @Override
    public void onError(AsyncEvent event) {
      if (event.getThrowable() instanceof IllegalStateException) {
        of.dispatch(event, request);
      }
    }

    @Override
    public void onComplete(AsyncEvent event) {
      of.seen.add("onComplete");
    }
  }

  private static void carriesOut(
      Container container, Transport transport, boolean filtered, String query, HangUp.Way way)
      throws Exception {
    String how = way + (filtered ? " behind the filter" : " on the container alone");
    Try one = new Try();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.handler("/start", (in, out) -> one.start(in))
                      .handler("/late", (in, out) -> one.seen.add("" + in.getDispatcherType()));
                })) {
      HangUp.of(server).get("/start" + query).once(() -> one.asked.getCount() == 0).by(way);
      one.left.countDown();
      await()
          .atMost(PATIENCE_SECONDS, TimeUnit.SECONDS)
          .untilAsserted(() -> assertThat(one.seen).as(how).containsAll(DONE));
    }
  }

  /** Undertow starts the dispatch at once, beside the listener that has asked for it. */
  private static void carriesOut(Container container, Transport transport, String query)
      throws Exception {
    for (HangUp.Way way : List.of(HangUp.Way.FIN, HangUp.Way.RST)) {
      for (boolean filtered : List.of(false, true)) {
        carriesOut(container, transport, filtered, query, way);
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void dispatchInTimeout_clientLeavesBeforeTheListenerReturns_isCarriedOut_G13(
      Container container, Transport transport) throws Exception {
    carriesOut(container, transport, "");
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void dispatchInError_clientLeavesBeforeTheListenerReturns_isCarriedOut_G13(
      Container container, Transport transport) throws Exception {
    carriesOut(container, transport, "?fail=yes");
  }
}
