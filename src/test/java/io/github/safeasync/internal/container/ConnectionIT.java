package io.github.safeasync.internal.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.ForwardedHeaders;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.RawResponse.End;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.SocketException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;

/** The way to the connection, on every container and transport. */
class ConnectionIT {

  private final BlockingQueue<Connection> looks = new LinkedBlockingQueue<>();
  private final BlockingQueue<Pending> streams = new LinkedBlockingQueue<>();

  @Nested
  class Reaching {
    @ParameterizedTest
    @EveryTransport
    void behind_answersForTheConnectionItself(Container container, Transport transport)
        throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application);
          Caller caller = new Caller(server)) {
        for (String path :
            new String[] {"/look", "/wrapped", "/forward", "/include", "/dispatch"}) {
          caller.get(path);
          Connection found = looks.poll(10, TimeUnit.SECONDS);

          assertThat(found).as(path).isNotNull();
          assertThat(container.name()).startsWithIgnoringCase(found.container());
          assertThat(found.channel()).as(path).isNotNull();
          assertThat(found.peer().getPort()).as(path).isEqualTo(caller.localPort());
          assertThat(found.peer().getAddress().isLoopbackAddress()).isTrue();
          assertThat(found.local().getPort()).isEqualTo(server.port());
          assertThat(found.isMultiplexed()).as(path).isEqualTo(transport.isHttp2());
          assertThat(found.isSecure()).as(path).isEqualTo(transport.isSecure());
          assertThat(found.quirks().writeLock() != null)
              .isEqualTo(container.isTomcat() && !transport.isHttp2());
          assertThat(found.streamOpen() != null).isEqualTo(transport.isHttp2());
        }
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryContainer
    void behind_ofAContainerThatSpeaksHttp2_knowsHttp1(Container container) throws Exception {
      try (TestServer server = container.start(Transport.H2C, ConnectionIT.this::application);
          RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/look").readResponse().body()).isEqualTo("seen");
        Connection found = looks.poll(10, TimeUnit.SECONDS);
        assertThat(found.isMultiplexed()).isFalse();
        assertThat(found.peer().getPort()).isEqualTo(client.localPort());
        assertThat(found.streamOpen()).isNull();
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS13})
    void behind_doesNotBelieveForwardingHeaders(Container container, Transport transport)
        throws Exception {
      try (TestServer server =
              container.start(
                  transport,
                  app -> {
                    application(app);
                    ForwardedHeaders.trust(app);
                  });
          RawClient client = RawClient.connect(server)) {
        client.send(
            "GET /remote HTTP/1.1\r\nHost: localhost\r\n"
                + "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n");
        // Tells that the container does.
        assertThat(client.readResponse().body()).isEqualTo("192.0.2.7 https");
        Connection found = looks.poll(10, TimeUnit.SECONDS);
        assertThat(found.peer().getPort()).isEqualTo(client.localPort());
        assertThat(found.peer().getAddress().isLoopbackAddress()).isTrue();
        assertThat(found.isSecure()).isEqualTo(transport.isSecure());
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS13})
    void writeLock_isHeldByTomcatInService(Container container, Transport transport)
        throws Exception {
      try (TestServer server = container.start(transport, ConnectionIT.this::application);
          RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/locked").readResponse().body())
            .isEqualTo(container.isTomcat() ? "true" : "no lock");
      }
    }
  }

  /** On it rests whether a FIN can be told by looks alone. */
  @Nested
  class Resting {
    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
    void isAtRest_whilePendingOnly_G7(Container container, Transport transport) throws Exception {
      try (TestServer server = container.start(transport, ConnectionIT.this::application);
          RawClient client = RawClient.connect(server)) {
        for (String path : new String[] {"/silent", "/stream"}) {
          client.get(path);
          Pending pending = streams.poll(10, TimeUnit.SECONDS);
          await().until(pending.connection::isAtRest);
          assertThat(pending.connection.isUnanswered()).isEqualTo(path.equals("/silent"));
          pending.context.complete();
          assertThat(client.readResponse().status()).isEqualTo(200);
          await().until(() -> !pending.connection.isAtRest());
          assertThat(pending.connection.isUnanswered()).isFalse();
        }
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS13})
    void isAtRest_notWhileAListenerAwaitsTheBody_G7(Container container, Transport transport)
        throws Exception {
      try (TestServer server = container.start(transport, ConnectionIT.this::application);
          RawClient client = RawClient.connect(server)) {
        client.send("POST /listening HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n");
        Pending pending = streams.poll(10, TimeUnit.SECONDS);
        await().during(100, TimeUnit.MILLISECONDS).until(() -> !pending.connection.isAtRest());
      }
    }
  }

  @Nested
  class Aborting {
    private static final int TRIES = Tries.of(100);

    private static void abort(Pending pending) {
      Quirks quirks = pending.connection.quirks();
      assertThat(quirks.abort(pending.context::complete)).isTrue();
      hastenClose(quirks);
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
    void abort_truncatesTheResponse_andHurtsNoOther(Container container, Transport transport)
        throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application);
          RawClient other = RawClient.connect(server)) {
        for (int i = 0; i < TRIES; i++) {
          try (RawClient client = RawClient.connect(server)) {
            client.get("/stream");
            Pending pending = streams.poll(10, TimeUnit.SECONDS);
            abort(pending);

            RawResponse response = client.readResponse();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("part");
            assertThat(response.end()).isEqualTo(End.TRUNCATED);
            client.awaitClose();
          }
          assertThat(other.get("/look").readResponse().body()).isEqualTo("seen");
          try (RawClient next = RawClient.connect(server)) {
            RawResponse response = next.get("/look").readResponse();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("seen");
            assertThat(response.isComplete()).isTrue();
          }
        }
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.H2C, Transport.H2})
    void abort_resetsTheStreamOnly(Container container, Transport transport) throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application);
          Http2Client client = Http2Client.connect(server)) {
        Http2Exchange survivor = client.get("/stream");
        Pending kept = streams.poll(10, TimeUnit.SECONDS);
        for (int i = 0; i < TRIES; i++) {
          Http2Exchange exchange = client.get("/stream");
          Pending pending = streams.poll(10, TimeUnit.SECONDS);
          assertThat(exchange.awaitStatus()).isEqualTo(200);
          abort(pending);

          assertThat(exchange.awaitEnd()).isEqualTo(End.TRUNCATED);
          Http2Exchange next = client.get("/look");
          assertThat(next.awaitBody()).isEqualTo("seen");
          assertThat(next.awaitStatus()).isEqualTo(200);
        }
        kept.context.getResponse().getOutputStream().print(", and the rest");
        kept.context.complete();
        assertThat(survivor.awaitBody()).isEqualTo("part, and the rest");
        assertThat(survivor.awaitEnd()).isEqualTo(End.COMPLETE);
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS13})
    void abort_beforeAnythingIsCommitted_resetsTheConnection(
        Container container, Transport transport) throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application)) {
        for (int i = 0; i < TRIES; i++) {
          try (RawClient client = RawClient.connect(server)) {
            client.get("/silent");
            Pending pending = streams.poll(10, TimeUnit.SECONDS);
            abort(pending);
            assertThatThrownBy(() -> client.read(new byte[1])).isInstanceOf(SocketException.class);
          }
          try (RawClient next = RawClient.connect(server)) {
            assertThat(next.get("/look").readResponse().body()).isEqualTo("seen");
          }
        }
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS13})
    void abort_afterTheEnd_sparesTheNextRequestOnTheConnection(
        Container container, Transport transport) throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application);
          RawClient client = RawClient.connect(server)) {
        client.get("/silent");
        Pending ended = streams.poll(10, TimeUnit.SECONDS);
        ended.context.complete();
        assertThat(client.readResponse().isComplete()).isTrue();
        client.get("/stream");
        Pending next = streams.poll(10, TimeUnit.SECONDS);

        assertThat(ended.connection.quirks().abort(() -> fail("completed twice"))).isFalse();
        next.context.getResponse().getOutputStream().print(" and all");
        next.context.complete();
        RawResponse response = client.readResponse();
        assertThat(response.body()).isEqualTo("part and all");
        assertThat(response.isComplete()).isTrue();
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryTransport
    void abort_onTheContainersThread_truncatesTheResponse(Container container, Transport transport)
        throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, ConnectionIT.this::application)) {
        for (int i = 0; i < Tries.of(20); i++) {
          if (transport.isHttp2()) {
            try (Http2Client client = Http2Client.connect(server)) {
              assertThat(client.get("/abort").awaitEnd()).isEqualTo(End.TRUNCATED);
              assertThat(client.get("/look").awaitBody()).isEqualTo("seen");
            }
          } else {
            try (RawClient client = RawClient.connect(server)) {
              RawResponse response = client.get("/abort").readResponse();
              assertThat(response.end()).isEqualTo(End.TRUNCATED);
            }
            try (RawClient next = RawClient.connect(server)) {
              assertThat(next.get("/look").readResponse().body()).isEqualTo("seen");
            }
          }
        }
        logs.assertQuiet();
      }
    }
  }

  @Nested
  class Streams {
    @ParameterizedTest
    @EveryTransport({Transport.H2C, Transport.H2})
    void streamOpen_turnsFalse_whenTheContainerSaysNothing(Container container, Transport transport)
        throws Exception {
      try (TestServer server = container.start(transport, ConnectionIT.this::application)) {
        for (Farewell farewell : Farewell.values()) {
          try (Http2Client client = Http2Client.connect(server)) {
            Http2Exchange exchange = client.get("/silent");
            Pending pending = streams.poll(10, TimeUnit.SECONDS);
            BooleanSupplier open = pending.connection.streamOpen();
            boolean tells = container.isTomcat();
            boolean tellsReset = tells || container.isJetty() && farewell == Farewell.RST_STREAM;
            if (!tellsReset) {
              assertThat(open.getAsBoolean()).isTrue();
              farewell.say(client, exchange);
              await().until(() -> !open.getAsBoolean());
            }
          }
        }
      }
    }

    /** On it rests that a reset is told without a second look. */
    @ParameterizedTest
    @EveryTransport({Transport.H2C, Transport.H2})
    void onReset_isToldOfTheClientsResetAlone_G6_G7(Container container, Transport transport)
        throws Exception {
      try (TestServer server = container.start(transport, ConnectionIT.this::application);
          Http2Client client = Http2Client.connect(server)) {
        if (container != Container.UNDERTOW) {
          assertThat(watch(client).unwatch).as("the others tell AsyncListeners").isNull();
          return;
        }
        Watched answered = watch(client);
        answered.pending.context.complete();
        assertThat(answered.exchange.awaitBody()).isEmpty();
        Watched aborted = watch(client);
        assertThat(aborted.pending.abort()).isTrue();
        assertThat(aborted.exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
        Watched left = watch(client);
        left.unwatch.run();
        left.exchange.reset();
        Watched reset = watch(client);
        reset.exchange.reset();
        await().until(() -> reset.told.get() > 0);
        assertThat(reset.pending.connection.streamOpen().getAsBoolean()).isFalse();
        assertThat(answered.told).hasValue(0);
        assertThat(aborted.told).hasValue(0);
        assertThat(left.told).hasValue(0);
      }
    }

    private Watched watch(Http2Client client) throws Exception {
      Http2Exchange exchange = client.get("/silent");
      return new Watched(exchange, streams.poll(10, TimeUnit.SECONDS));
    }
  }

  private static final class Watched {
    private final AtomicInteger told = new AtomicInteger();
    private final Http2Exchange exchange;
    private final Pending pending;
    private final Runnable unwatch;

    Watched(Http2Exchange exchange, Pending pending) {
      this.exchange = exchange;
      this.pending = pending;
      this.unwatch = pending.connection.onReset(told::incrementAndGet);
    }
  }

  private enum Farewell {
    RST_STREAM,
    FIN,
    RST,
    GOAWAY_FIN;

    void say(Http2Client client, Http2Exchange exchange) throws Exception {
      switch (this) {
        case RST_STREAM -> exchange.reset();
        case FIN -> client.closeFin();
        case RST -> client.closeRst();
        case GOAWAY_FIN -> client.goAwayAndClose();
      }
    }
  }

  private void application(TestApplication app) {
    app.handler("/look", this::look)
        .handler("/wrapped", (q, s) -> look(wrapped(wrapped(q)), s))
        .handler("/forward", (q, s) -> q.getRequestDispatcher("/wrapped").forward(wrapped(q), s))
        .handler("/include", (q, s) -> q.getRequestDispatcher("/look").include(wrapped(q), s))
        .handler("/dispatch", this::dispatch)
        .handler("/remote", this::remote)
        .handler("/locked", this::locked)
        .handler("/silent", (q, s) -> pending(q, s))
        .handler("/stream", this::stream)
        .handler("/listening", this::listening)
        .handler("/abort", this::abort);
  }

  private void listening(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    ServletInputStream body = request.getInputStream();
    body.setReadListener(
        new ReadListener() {
          @Override
          public void onDataAvailable() {
            body.isReady();
          }

          @Override
          public void onAllDataRead() {}

          @Override
          public void onError(Throwable gone) {}
        });
    streams.add(new Pending(Connections.behind(request), context));
  }

  private void look(HttpServletRequest request, HttpServletResponse response) throws IOException {
    looks.add(Connections.behind(request));
    response.getOutputStream().print("seen");
  }

  private void dispatch(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getDispatcherType() == DispatcherType.ASYNC) {
      look(request, response);
    } else {
      request.startAsync(wrapped(request), response).dispatch();
    }
  }

  private void remote(HttpServletRequest request, HttpServletResponse response) throws IOException {
    looks.add(Connections.behind(request));
    response.getOutputStream().print(request.getRemoteAddr() + " " + request.getScheme());
  }

  private void locked(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Lock lock = Connections.behind(request).quirks().writeLock();
    response
        .getOutputStream()
        .print(lock instanceof ReentrantLock own ? "" + own.isHeldByCurrentThread() : "no lock");
  }

  private void pending(HttpServletRequest request, HttpServletResponse response) {
    Connection connection = Connections.behind(request);
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    streams.add(new Pending(connection, context));
  }

  private void stream(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.getOutputStream().print("part");
    response.flushBuffer();
    pending(request, response);
  }

  private void abort(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    response.getOutputStream().print("part");
    response.flushBuffer();
    AsyncContext context = request.startAsync();
    Quirks quirks = Connections.behind(request).quirks();
    quirks.abort(context::complete);
    hastenClose(quirks);
  }

  /** As the library does, or Tomcat's selector would look a second later. */
  private static void hastenClose(Quirks quirks) {
    for (int millis : new int[] {20, 200}) {
      CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(quirks::hastenClose);
    }
  }

  private static HttpServletRequest wrapped(HttpServletRequest request) {
    return new HttpServletRequestWrapper(request);
  }

  private record Pending(Connection connection, AsyncContext context) {
    boolean abort() {
      return connection.quirks().abort(context::complete);
    }
  }

  /** A client of whichever protocol the server speaks. */
  private static final class Caller implements AutoCloseable {
    private final RawClient raw;
    private final Http2Client http2;

    Caller(TestServer server) throws Exception {
      boolean multiplexed = server.transport().isHttp2();
      raw = multiplexed ? null : RawClient.connect(server);
      http2 = multiplexed ? Http2Client.connect(server) : null;
    }

    void get(String path) throws Exception {
      String body =
          http2 == null ? raw.get(path).readResponse().body() : http2.get(path).awaitBody();
      assertThat(body).isEqualTo("seen");
    }

    int localPort() {
      return http2 == null ? raw.localPort() : http2.localPort();
    }

    @Override
    public void close() throws Exception {
      if (http2 == null) {
        raw.close();
      } else {
        http2.close();
      }
    }
  }
}
