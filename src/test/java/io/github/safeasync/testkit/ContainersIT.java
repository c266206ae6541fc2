package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;

/** The harness itself, with no library in the way. */
class ContainersIT {
  private static final Handler HELLO =
      (request, response) -> response.getOutputStream().print("hello");

  @Nested
  class Requests {
    @ParameterizedTest
    @EveryTransport
    void get_answersOverHttp1_andKeepsTheConnection(Container container, Transport transport)
        throws Exception {
      try (Logs logs = Logs.capture();
          TestServer server = container.start(transport, app -> app.handler("/hello", HELLO));
          RawClient client = RawClient.connect(server)) {
        for (int i = 0; i < 3; i++) {
          RawResponse response = client.get("/hello").readResponse();
          assertThat(response.status()).isEqualTo(200);
          assertThat(response.body()).isEqualTo("hello");
          assertThat(response.isComplete()).isTrue();
        }
        assertThat(client.get("/nowhere").readResponse().status()).isEqualTo(404);
        logs.assertQuiet();
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.H2C, Transport.H2})
    void get_answersOverHttp2(Container container, Transport transport) throws Exception {
      try (TestServer server =
              container.start(
                  transport,
                  app ->
                      app.handler("/hello", (q, s) -> s.getOutputStream().print(q.getProtocol())));
          Http2Client client = Http2Client.connect(server)) {
        Http2Exchange one = client.get("/hello");
        Http2Exchange two = client.get("/hello");
        assertThat(one.awaitStatus()).isEqualTo(200);
        assertThat(one.awaitBody()).isEqualTo("HTTP/2.0");
        assertThat(one.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
        assertThat(two.awaitBody()).isEqualTo("HTTP/2.0");
      }
    }

    @ParameterizedTest
    @EveryContainer
    void asyncServlet_answersFromAnotherThread(Container container) throws Exception {
      BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
      try (TestServer server =
              container.start(
                  app ->
                      app.contextPath("/app")
                          .filter(new Tagging(), Map.of("tag", "seen"))
                          .handler("/slow", (q, s) -> pending.add(q.startAsync())));
          RawClient client = RawClient.connect(server)) {
        client.get("/app/slow");
        AsyncContext context = pending.poll(10, TimeUnit.SECONDS);
        assertThat(context).isNotNull();
        context.getResponse().getWriter().print("late");
        context.complete();
        RawResponse response = client.readResponse();
        assertThat(response.body()).isEqualTo("late");
        assertThat(response.header("x-tag")).contains("seen");
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
    void halfClosedClient_stillReadsItsResponse(Container container, Transport transport)
        throws Exception {
      BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
      try (TestServer server =
              container.start(
                  transport, app -> app.handler("/slow", (q, s) -> pending.add(q.startAsync())));
          RawClient client = RawClient.connect(server)) {
        client.get("/slow");
        AsyncContext context = pending.poll(10, TimeUnit.SECONDS);
        client.halfClose();
        context.getResponse().getOutputStream().print("late");
        context.complete();
        assertThat(client.readResponse().body()).isEqualTo("late");
      }
    }
  }

  @Nested
  class Clients {
    @ParameterizedTest
    @EveryContainer
    void rawClient_tellsATruncatedBody(Container container) throws Exception {
      Handler tooShort =
          (request, response) -> {
            response.setContentLength(100);
            response.getOutputStream().print("short");
            response.flushBuffer();
            throw new IOException("on purpose");
          };
      try (Logs expected = Logs.swallow();
          TestServer server = container.start(app -> app.handler("/short", tooShort));
          RawClient client = RawClient.connect(server)) {
        RawResponse response = client.get("/short").readResponse();
        assertThat(response.end()).isEqualTo(RawResponse.End.TRUNCATED);
        assertThat(response.body()).isEqualTo("short");
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
    void rawClient_hangsUpInEveryWay(Container container, Transport transport) throws Exception {
      BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
      try (Logs expected = Logs.swallow();
          TestServer server =
              container.start(
                  transport, app -> app.handler("/slow", (q, s) -> pending.add(q.startAsync())))) {
        for (HangUp hangUp : HangUp.values()) {
          RawClient client = RawClient.connect(server).get("/slow");
          AsyncContext context = pending.poll(10, TimeUnit.SECONDS);
          hangUp.way.of(client);
          assertThat(writesUntilFailure((HttpServletResponse) context.getResponse()))
              .as("%s", hangUp)
              .isPositive();
          completeQuietly(context);
        }
      }
    }

    @ParameterizedTest
    @EveryTransport({Transport.H2C, Transport.H2})
    void http2Client_hangsUpInEveryWay(Container container, Transport transport) throws Exception {
      BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
      try (Logs expected = Logs.swallow();
          TestServer server =
              container.start(
                  transport, app -> app.handler("/slow", (q, s) -> pending.add(q.startAsync())))) {
        for (Http2HangUp hangUp : Http2HangUp.values()) {
          try (Http2Client client = Http2Client.connect(server)) {
            Http2Exchange exchange = client.get("/slow");
            AsyncContext context = pending.poll(10, TimeUnit.SECONDS);
            HttpServletResponse response = (HttpServletResponse) context.getResponse();
            hangUp.way.of(client, exchange);
            assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
            assertThat(writesUntilFailure(response)).as("%s", hangUp).isPositive();
            completeQuietly(context);
          }
        }
      }
    }

    /** How many writes it took; the first ones may well succeed. */
    private static int writesUntilFailure(HttpServletResponse response) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      for (int writes = 1; System.nanoTime() < deadline; writes++) {
        try {
          response.getOutputStream().write(new byte[100]);
          response.flushBuffer();
          Thread.onSpinWait();
        } catch (IOException | RuntimeException expected) {
          return writes;
        }
      }
      return -1;
    }

    private static void completeQuietly(AsyncContext context) {
      try {
        context.complete();
      } catch (IllegalStateException alreadyEnded) {
        // As some containers do.
      }
    }
  }

  @Nested
  class Applications {
    @ParameterizedTest
    @EveryContainer
    void servletApi_isTheContainersOwn(Container container) throws Exception {
      boolean of61 = container == Container.JETTY_EE11 || container == Container.TOMCAT_11;
      Handler version =
          (request, response) ->
              response.getWriter().print(request.getServletContext().getMinorVersion());
      try (TestServer server = container.start(app -> app.handler("/version", version));
          RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/version").readResponse().body()).isEqualTo(of61 ? "1" : "0");
      }
      // New in 6.1: ServletInputStream.read(ByteBuffer).
      assertThat(ServletInputStream.class.getDeclaredMethods())
          .extracting(method -> Arrays.toString(method.getParameterTypes()))
          .filteredOn("[class java.nio.ByteBuffer]"::equals)
          .hasSize(of61 ? 1 : 0);
    }

    @ParameterizedTest
    @EveryContainer
    void stopApplication_destroysIt_whileTheServerListens(Container container) throws Exception {
      Tagging filter = new Tagging();
      Recording listener = new Recording();
      try (TestServer server =
          container.start(app -> app.filter(filter).listener(listener).handler("/hello", HELLO))) {
        assertThat(listener.events).containsExactly("initialized");
        server.stopApplication();
        assertThat(listener.events).containsExactly("initialized", "destroyed");
        assertThat(filter.destroyed).isTrue();
        try (RawClient client = RawClient.connect(server)) {
          assertThat(client.get("/hello").readResponse().status()).isIn(404, 503);
        }
      }
    }

    @ParameterizedTest
    @EveryContainer
    void failingFilter_failsTheStart_withItsException(Container container) {
      Filter failing =
          new Tagging() {
            @Override
            public void init(FilterConfig config) throws ServletException {
              throw new ServletException("refused by init");
            }
          };
      try (Logs expected = Logs.swallow()) {
        assertThatThrownBy(() -> container.start(app -> app.filter(failing)).close())
            .hasStackTraceContaining("refused by init");
      }
    }

    @ParameterizedTest
    @EveryContainer
    void attribute_isThereForFilters(Container container) throws Exception {
      Tagging filter = new Tagging();
      container.start(app -> app.attribute("colour", "red").filter(filter)).close();
      assertThat(filter.colour).isEqualTo("red");
    }
  }

  private enum HangUp {
    FIN(RawClient::closeFin),
    ABRUPT(RawClient::closeAbrupt),
    RST(RawClient::closeRst);

    private final Way way;

    HangUp(Way way) {
      this.way = way;
    }

    private interface Way {
      void of(RawClient client) throws Exception;
    }
  }

  private enum Http2HangUp {
    RESET((client, exchange) -> exchange.reset()),
    FIN((client, exchange) -> client.closeFin()),
    RST((client, exchange) -> client.closeRst()),
    GOAWAY((client, exchange) -> client.goAwayAndClose());

    private final Way way;

    Http2HangUp(Way way) {
      this.way = way;
    }

    private interface Way {
      void of(Http2Client client, Http2Exchange exchange) throws Exception;
    }
  }

  private static class Tagging implements Filter {
    private String tag = "";
    private Object colour;
    private volatile boolean destroyed;

    @Override
    public void init(FilterConfig config) throws ServletException {
      tag = config.getInitParameter("tag");
      colour = config.getServletContext().getAttribute("colour");
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
        throws IOException, ServletException {
      ((HttpServletResponse) response).setHeader("X-Tag", tag);
      chain.doFilter(request, response);
    }

    @Override
    public void destroy() {
      destroyed = true;
    }
  }

  private static final class Recording implements ServletContextListener {
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @Override
    public void contextInitialized(ServletContextEvent event) {
      events.add("initialized");
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
      events.add("destroyed");
    }
  }
}
