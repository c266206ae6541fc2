package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import io.undertow.Undertow;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.catalina.connector.ClientAbortException;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.UpgradeProtocol;
import org.apache.coyote.http2.Http2Protocol;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.params.ParameterizedTest;
import org.xnio.Options;

/**
 * G7: an application has connections of its own, and what these fail with says nothing of its
 * client, who waits for an answer. The same on the raw container and behind the filter.
 */
class OwnFailuresIT {

  /** What the application lets out. */
  enum Failure {
    OWN_WORDS,
    CLOSED_CHANNEL,
    BROKEN_PIPE,
    RESET,
    JETTY_CLIENT,
    /** As a write to another request's client throws. */
    OF_ANOTHER_REQUEST
  }

  /** Where it does so. */
  enum Way {
    REQUEST,
    DISPATCH
  }

  /** What one request's client got, what its listener heard and how its exchange ended. */
  private record Seen(String answer, List<String> heard) {}

  private static final int LIMIT_MILLIS = 500;

  private final BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();

  private static void fail(Failure how, Container container) throws IOException {
    switch (how) {
      case OWN_WORDS -> throw new IOException("cannot reach the upstream");
      case CLOSED_CHANNEL -> {
        SocketChannel channel = SocketChannel.open();
        channel.close();
        channel.write(ByteBuffer.allocate(1));
      }
      case BROKEN_PIPE -> writeToUpstreamThatHasGone();
      case RESET -> throw new SocketException("Connection reset");
      case JETTY_CLIENT -> askUpstreamThatHangsUp();
      case OF_ANOTHER_REQUEST -> {
        if (container.isTomcat()) {
          throw new ClientAbortException(new IOException("Broken pipe"));
        }
        throw new EofException(new IOException("Broken pipe"));
      }
    }
    throw new AssertionError(how + " did not fail");
  }

  private static void writeToUpstreamThatHasGone() throws IOException {
    try (ServerSocket upstream = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        SocketChannel channel =
            SocketChannel.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), upstream.getLocalPort()))) {
      Socket accepted = upstream.accept();
      accepted.setSoLinger(true, 0);
      accepted.close();
      while (true) {
        channel.write(ByteBuffer.allocate(1000));
      }
    }
  }

  private static void askUpstreamThatHangsUp() throws IOException {
    HttpClient client = new HttpClient();
    try (ServerSocket upstream = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread hangsUp =
          new Thread(
              () -> {
                try (Socket accepted = upstream.accept()) {
                  int unused = accepted.getInputStream().read();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      hangsUp.start();
      client.start();
      client.GET("http://127.0.0.1:" + upstream.getLocalPort() + "/");
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IllegalStateException(failed);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      try {
        client.stop();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void handle(Container container, HttpServletRequest request, HttpServletResponse ignored)
      throws IOException {
    Failure failure = Failure.valueOf(request.getParameter("failure"));
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      AsyncContext context = request.startAsync();
      context.setTimeout(5_000);
      context.addListener(new Hearing());
      note(request);
      if (Way.valueOf(request.getParameter("way")) == Way.DISPATCH) {
        context.dispatch();
        return;
      }
    }
    fail(failure, container);
  }

  private void note(ServletRequest request) {
    Exchange exchange = Exchange.of(request);
    if (exchange != null) {
      exchanges.add(exchange);
    }
  }

  /** Writes down what it is told. */
  private final class Hearing extends DeafListener {
    @Override
    public void onError(AsyncEvent event) {
      heard.add("onError " + event.getThrowable().getClass().getName());
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      heard.add("onTimeout");
    }

    @Override
    public void onComplete(AsyncEvent event) {
      heard.add("onComplete");
    }
  }

  private Map<String, Seen> ask(boolean filtered, Container container, Transport transport)
      throws Exception {
    Map<String, Seen> all = new TreeMap<>();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.handler("/fails", (in, out) -> handle(container, in, out));
                })) {
      for (Way way : Way.values()) {
        for (Failure failure : Failure.values()) {
          heard.clear();
          String answer = answer(server, "/fails?way=" + way + "&failure=" + failure);
          all.put(way + " " + failure, new Seen(answer, List.copyOf(heard)));
          if (filtered) {
            assertEndsFailed(way + " " + failure);
          }
        }
      }
    }
    return all;
  }

  private void assertEndsFailed(String how) throws InterruptedException {
    Exchange exchange = exchanges.poll(10, SECONDS);
    assertThat(exchange).isNotNull();
    Witness.await().atMost(Witness.SOON).until(() -> !exchange.isLive());
    End end = exchange.lifecycle().decidedEnd();
    assertThat(end.kind()).as(how + ": " + end).isEqualTo(End.Kind.FAILED);
  }

  /** The client stays until all is told. */
  private String answer(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        int status = client.get(path).awaitStatus();
        awaitCompletion();
        return "" + status;
      }
    }
    try (RawClient client = RawClient.connect(server)) {
      int status = client.get(path).readResponse().status();
      awaitCompletion();
      return "" + status;
    }
  }

  private void awaitCompletion() {
    Witness.await().atMost(Witness.SOON).until(() -> heard.contains("onComplete"));
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void failureOfTheApplicationsOwnConnection_isAnsweredAndEndsFailed_G7_G13(
      Container container, Transport transport) throws Exception {
    Map<String, Seen> raw = ask(false, container, transport);
    Map<String, Seen> guarded = ask(true, container, transport);
    List<String> differences = new ArrayList<>();
    raw.forEach(
        (how, seen) -> {
          if (!seen.equals(guarded.get(how))) {
            differences.add(how + ": raw " + seen + ", with the filter " + guarded.get(how));
          }
        });
    assertThat(differences).isEmpty();
  }

  /** Writes until it fails, to a client that takes nothing and stays. */
  private void writeOn(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(new Hearing());
    note(request);
    ServletOutputStream out = response.getOutputStream();
    new Thread(
            () -> {
              try {
                while (true) {
                  out.write(new byte[100_000]);
                }
              } catch (IOException | RuntimeException e) {
                heard.add("failed " + e);
              }
            })
        .start();
  }

  private static void limitWrites(TestApplication application) {
    application
        .customize(
            ServerConnector.class,
            connector -> {
              AbstractHTTP2ServerConnectionFactory http2 =
                  connector.getConnectionFactory(AbstractHTTP2ServerConnectionFactory.class);
              if (http2 == null) {
                connector.setIdleTimeout(LIMIT_MILLIS);
              } else {
                http2.setStreamIdleTimeout(LIMIT_MILLIS);
              }
            })
        .customize(
            Connector.class,
            connector -> {
              connector.setProperty("connectionTimeout", "" + LIMIT_MILLIS);
              for (UpgradeProtocol each : connector.findUpgradeProtocols()) {
                if (each instanceof Http2Protocol http2) {
                  http2.setStreamWriteTimeout(LIMIT_MILLIS);
                  http2.setWriteTimeout(LIMIT_MILLIS);
                }
              }
            })
        .customize(
            Undertow.Builder.class,
            builder -> builder.setSocketOption(Options.WRITE_TIMEOUT, LIMIT_MILLIS));
  }

  /**
   * A container's time limit for a client that takes nothing says nothing of its departure. Jetty
   * and Tomcat's HTTP/2 tell the writing thread alone. Undertow closes the connection, and the
   * write throws a bare ClosedChannelException as after a departure.
   */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void clientThatIsTooSlowForTheContainer_hasNotGone_G7(Container container, Transport transport)
      throws Exception {
    assumeFalse(
        container == Container.UNDERTOW && transport.isHttp2(),
        "Undertow sets no limit to a stream whose window is full");
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  limitWrites(app);
                  app.filter(new SafeAsyncFilter()).handler("/much", this::writeOn);
                })) {
      if (transport.isHttp2()) {
        try (Http2Client client = Http2Client.connect(server)) {
          assertThat(client.getUnread("/much").awaitStatus()).isEqualTo(200);
          assertNotGone();
        }
      } else {
        try (RawClient client = RawClient.connect(server).get("/much")) {
          assertThat(client.readLine()).startsWith("HTTP/1.1 200");
          assertNotGone();
        }
      }
    }
  }

  /** The same limits, and a client that does go before they are over. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void clientThatLeavesASlowConnection_hasGone_G7(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  limitWrites(app);
                  app.filter(new SafeAsyncFilter()).handler("/much", this::writeOn);
                })) {
      if (transport.isHttp2()) {
        try (Http2Client client = Http2Client.connect(server)) {
          assertThat(client.getUnread("/much").awaitStatus()).isEqualTo(200);
        }
      } else {
        try (RawClient client = RawClient.connect(server).get("/much")) {
          assertThat(client.readLine()).startsWith("HTTP/1.1 200");
          client.closeRst();
        }
      }
      Exchange exchange = exchanges.poll(10, SECONDS);
      assertThat(exchange).isNotNull();
      Witness.await().atMost(Witness.SOON).until(() -> !exchange.isLive());
      assertThat(exchange.isDisconnected()).as("%s", exchange.lifecycle().decidedEnd()).isTrue();
    }
  }

  private void assertNotGone() throws InterruptedException {
    Exchange exchange = exchanges.poll(10, SECONDS);
    assertThat(exchange).isNotNull();
    Witness.await()
        .atMost(Witness.SOON)
        .until(() -> heard.stream().anyMatch(each -> each.startsWith("failed")));
    // Longer than it takes to look twice for what a container has ended by itself.
    Witness.await()
        .during(Duration.ofMillis(2_500))
        .atMost(Witness.SOON)
        .until(() -> !exchange.isDisconnected());
  }
}
