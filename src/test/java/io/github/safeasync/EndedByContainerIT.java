package io.github.safeasync;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;

/** Whatever a container ends by itself, and tells nobody, is an end: told once, and closed. */
class EndedByContainerIT {

  private static final int TRIES = 20;

  /** Generous: it is looked once a second, and twice. */
  private static final long PATIENCE_SECONDS = 20;

  private final BlockingQueue<Exchange> started = new LinkedBlockingQueue<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();

  private final class Told implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) {
      heard.add("onComplete");
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      heard.add("onTimeout");
    }

    @Override
    public void onError(AsyncEvent event) {
      heard.add("onError");
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private static TestServer start(Container container, Handler handler) throws Exception {
    return container.start(app -> app.filter(new SafeAsyncFilter()).handler("/start", handler));
  }

  private AsyncContext started(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(new Told());
    started.add(Exchange.of(request));
    return context;
  }

  private Exchange next() throws InterruptedException {
    Exchange exchange = started.poll(Site.PATIENCE_SECONDS, SECONDS);
    assertThat(exchange).isNotNull();
    return exchange;
  }

  private static void closed(Exchange exchange) {
    Witness.await()
        .atMost(PATIENCE_SECONDS, SECONDS)
        .untilAsserted(
            () ->
                assertThat(exchange.lifecycle().phase())
                    .as("%s", exchange.lifecycle())
                    .isEqualTo(Lifecycle.Phase.CLOSED));
  }

  /** Each is closed, let go of and told. */
  private void closed(List<Exchange> exchanges) {
    exchanges.forEach(EndedByContainerIT::closed);
    assertThat(exchanges.get(0).exchanges().size()).isZero();
    Witness.await()
        .atMost(PATIENCE_SECONDS, SECONDS)
        .untilAsserted(
            () -> assertThat(heard).filteredOn("onComplete"::equals).hasSize(exchanges.size()));
  }

  /** Jetty's own way to cut a response off, which its AsyncProxyServlet takes. */
  @ParameterizedTest
  @EveryContainer
  void abortOfJetty_endsFailed_G2_G13(Container container) throws Exception {
    Assumptions.assumeTrue(container.isJetty(), "sendError(-1) is Jetty's own");
    BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, (in, out) -> pending.add(started(in)))) {
      for (int i = 0; i < 10; i++) {
        heard.clear();
        try (RawClient client = RawClient.connect(server).get("/start")) {
          Exchange exchange = next();
          AsyncContext context = pending.poll(Site.PATIENCE_SECONDS, SECONDS);
          ((HttpServletResponse) context.getResponse()).sendError(-1);
          context.complete();
          client.awaitClose();
          closed(exchange);
          assertThat(exchange.exchanges().size()).isZero();
          assertThat(exchange.lifecycle().decidedEnd().kind()).isEqualTo(End.Kind.FAILED);
          Witness.await().atMost(Witness.SOON).until(() -> heard.contains("onComplete"));
          assertThat(heard).containsExactly("onError", "onComplete");
        }
      }
    }
  }

  private static final class ThrowingWriter implements WriteListener {
    private final ServletOutputStream stream;

    ThrowingWriter(ServletOutputStream stream) {
      this.stream = stream;
    }

    @Override
    public void onWritePossible() throws IOException {
      while (stream.isReady()) {
        stream.write(new byte[8192]);
      }
    }

    @Override
    public void onError(Throwable failure) {
      throw new IllegalStateException("from onError");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writeListenerThatThrows_isClosed_G2_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(
                container,
                (in, out) -> {
                  started(in);
                  ServletOutputStream stream = out.getOutputStream();
                  stream.setWriteListener(new ThrowingWriter(stream));
                })) {
      List<Exchange> exchanges = new ArrayList<>();
      for (int i = 0; i < TRIES; i++) {
        RawClient client = RawClient.connect(server).get("/start");
        exchanges.add(next());
        client.read(new byte[100]);
        client.closeRst();
      }
      closed(exchanges);
    }
  }

  private static final class Reader implements ReadListener {
    private final ServletInputStream stream;

    Reader(ServletInputStream stream) {
      this.stream = stream;
    }

    @Override
    public void onDataAvailable() throws IOException {
      byte[] buffer = new byte[100];
      while (stream.isReady() && stream.read(buffer) >= 0) {}
    }

    @Override
    public void onAllDataRead() {}

    @Override
    public void onError(Throwable failure) {}
  }

  @ParameterizedTest
  @EveryContainer
  void chunkedBodyThatIsCutAtOnce_isClosed_G2_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(
                container,
                (in, out) -> {
                  started(in);
                  in.getInputStream().setReadListener(new Reader(in.getInputStream()));
                })) {
      List<Exchange> exchanges = new ArrayList<>();
      for (int i = 0; i < TRIES; i++) {
        RawClient client = RawClient.connect(server);
        client.send(
            "POST /start HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        client.closeFin();
        exchanges.add(next());
      }
      closed(exchanges);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void dispatchToWhereTheFilterIsNot_isClosed_G2_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(
                            "safe-async",
                            new SafeAsyncFilter(),
                            Map.of(),
                            true,
                            EnumSet.allOf(DispatcherType.class),
                            "/start")
                        .handler(
                            "/start",
                            (in, out) -> {
                              AsyncContext context = started(in);
                              context.dispatch("/elsewhere");
                            })
                        .handler(
                            "/elsewhere",
                            (in, out) -> {
                              try {
                                TimeUnit.MILLISECONDS.sleep(20);
                              } catch (InterruptedException e) {
                                throw new IOException(e);
                              }
                              out.getOutputStream().write(new byte[10_000]);
                              out.flushBuffer();
                            }))) {
      List<Exchange> exchanges = new ArrayList<>();
      for (int i = 0; i < 3 * TRIES; i++) {
        RawClient client = RawClient.connect(server).get("/start");
        exchanges.add(next());
        if (i % 3 == 0) {
          client.readResponse();
        }
        if (i % 3 == 1) {
          client.closeFin();
        } else {
          client.closeRst();
        }
      }
      closed(exchanges);
    }
  }
}
