package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;

/** Whatever a container ends by itself, and tells nobody, is an end: told once, and closed. */
class EndedByContainerIT {

  private static final int TRIES = Tries.of(20);

  /** Generous: it is looked once a second, and twice. */
  private static final long PATIENCE_SECONDS = 20;

  private final BlockingQueue<Exchange> started = new LinkedBlockingQueue<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();

  /** Of each that was started without the filter, whether its completion was told. */
  private final List<AtomicBoolean> without = new CopyOnWriteArrayList<>();

  private final class Told implements AsyncListener {

    /** Null of a request behind the filter, where more than one completion is a fault. */
    private final AtomicBoolean completedWithout;

    Told(AtomicBoolean completedWithout) {
      this.completedWithout = completedWithout;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      if (completedWithout == null) {
        heard.add("onComplete");
      } else {
        completedWithout.set(true);
      }
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
    return start(container, Transport.PLAIN, true, handler);
  }

  private static TestServer start(
      Container container, Transport transport, boolean filtered, Handler handler)
      throws Exception {
    return container.start(
        transport,
        app -> {
          if (filtered) {
            app.filter(new SafeAsyncFilter());
          }
          app.handler("/start", handler);
        });
  }

  private AsyncContext started(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    Exchange exchange = Exchange.of(request);
    if (exchange == null) {
      AtomicBoolean completed = new AtomicBoolean();
      without.add(completed);
      context.addListener(new Told(completed));
    } else {
      context.addListener(new Told(null));
      started.add(exchange);
    }
    return context;
  }

  /** How many of those without the filter were told, when no more are for half a second. */
  private long toldWithout() throws InterruptedException {
    long told;
    do {
      told = completedWithout();
      TimeUnit.MILLISECONDS.sleep(500);
    } while (completedWithout() > told);
    heard.clear();
    return told;
  }

  private long completedWithout() {
    return without.stream().filter(AtomicBoolean::get).count();
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

  private TestServer writing(Container container, Transport transport, boolean filtered)
      throws Exception {
    return start(
        container,
        transport,
        filtered,
        (in, out) -> {
          started(in);
          ServletOutputStream stream = out.getOutputStream();
          stream.setWriteListener(new ThrowingWriter(stream));
        });
  }

  /** Its client leaves when a part of the response has come. */
  private static void readAPartAndLeave(TestServer server) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        Http2Exchange exchange = client.getUnread("/start");
        exchange.awaitStatus();
        exchange.reset();
      }
    } else {
      RawClient client = RawClient.connect(server).get("/start");
      client.read(new byte[100]);
      client.closeRst();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void writeListenerThatThrows_isClosed_G2_G13(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.swallow()) {
      long told;
      try (TestServer server = writing(container, transport, false)) {
        for (int i = 0; i < TRIES; i++) {
          readAPartAndLeave(server);
        }
        told = toldWithout();
      }
      try (TestServer server = writing(container, transport, true)) {
        List<Exchange> exchanges = new ArrayList<>();
        for (int i = 0; i < TRIES; i++) {
          readAPartAndLeave(server);
          exchanges.add(next());
        }
        closed(exchanges);
      }
      said(container, transport, told);
    }
  }

  /** What the container alone leaves untold is its own affair, and why this is compared at all. */
  private void said(Container container, Transport transport, long told) {
    System.out.printf(
        "%s %s: of %d the container alone told %d, behind the filter all were told%n",
        container, transport, without.size(), told);
    assertThat(without).isNotEmpty();
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

  private TestServer dispatching(Container container, Transport transport, boolean filtered)
      throws Exception {
    return container.start(
        transport,
        app -> {
          if (filtered) {
            app.filter(new SafeAsyncFilter(), "/start");
          }
          app.handler("/start", (in, out) -> started(in).dispatch("/elsewhere"))
              .handler("/elsewhere", EndedByContainerIT::writeLater);
        });
  }

  private static void writeLater(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    response.getOutputStream().write(new byte[10_000]);
    response.flushBuffer();
  }

  /** A third of the clients stays, one resets and one closes. */
  private static void askAndLeave(TestServer server, int which) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        Http2Exchange exchange = client.get("/start");
        if (which % 3 == 0) {
          exchange.awaitEnd();
        } else if (which % 3 == 1) {
          exchange.reset();
        }
      }
      return;
    }
    RawClient client = RawClient.connect(server).get("/start");
    if (which % 3 == 0) {
      client.readResponse();
    }
    if (which % 3 == 1) {
      client.closeFin();
    } else {
      client.closeRst();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void dispatchToWhereTheFilterIsNot_isClosed_G2_G13(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.swallow()) {
      long told;
      try (TestServer server = dispatching(container, transport, false)) {
        for (int i = 0; i < TRIES; i++) {
          askAndLeave(server, i);
        }
        told = toldWithout();
      }
      try (TestServer server = dispatching(container, transport, true)) {
        List<Exchange> exchanges = new ArrayList<>();
        for (int i = 0; i < TRIES; i++) {
          askAndLeave(server, i);
        }
        for (Exchange each; (each = started.poll(1, SECONDS)) != null; ) {
          exchanges.add(each);
        }
        assertThat(exchanges).isNotEmpty();
        closed(exchanges);
      }
      said(container, transport, told);
    }
  }
}
