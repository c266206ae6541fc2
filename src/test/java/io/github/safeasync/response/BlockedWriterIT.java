package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * An end, or a dispatch, of another thread while one waits inside a write for a client that takes
 * nothing: the application's listeners hear of it, and the writer is let out.
 */
class BlockedWriterIT {

  /** For what some containers never tell by themselves. */
  private static final Duration A_WHILE = Duration.ofSeconds(1);

  private static final int PIECE = 64 * 1024;

  /** One request whose body is written without an end. */
  private static final class Endless implements AsyncListener {

    final List<String> told = new CopyOnWriteArrayList<>();
    final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    final CompletableFuture<AsyncContext> context = new CompletableFuture<>();
    private final long timeout;
    private volatile @Nullable Instant written;

    Endless(long timeout) {
      this.timeout = timeout;
    }

    void start(HttpServletRequest request, HttpServletResponse response) throws IOException {
      if (request.getDispatcherType() == DispatcherType.ASYNC) {
        told.add("dispatched");
        return;
      }
      AsyncContext started = request.startAsync();
      started.setTimeout(timeout);
      started.addListener(this);
      ServletOutputStream out = response.getOutputStream();
      Thread writer = new Thread(() -> write(out), "endless");
      writer.setDaemon(true);
      writer.start();
      context.complete(started);
    }

    private void write(ServletOutputStream out) {
      try {
        while (true) {
          out.write(new byte[PIECE]);
          out.flush();
          written = Instant.now();
        }
      } catch (IOException | RuntimeException e) {
        failure.complete(e);
      }
    }

    AsyncContext awaitBlocked() throws Exception {
      AsyncContext started = context.get(10, TimeUnit.SECONDS);
      Witness.await()
          .atMost(Witness.SOON)
          .until(() -> written != null && written.isBefore(Instant.now().minusMillis(400)));
      return started;
    }

    List<String> toldWithin(Duration time) {
      try {
        Witness.await().atMost(time).until(() -> told.contains("onComplete"));
      } catch (ConditionTimeoutException never) {
        // Which is what is answered.
      }
      return told;
    }

    @Override
    public void onComplete(AsyncEvent event) {
      told.add("onComplete");
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      told.add("onTimeout");
    }

    @Override
    public void onError(AsyncEvent event) {
      told.add("onError " + event.getThrowable().getClass().getSimpleName());
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private static TestServer serve(
      Container container, Transport transport, Endless endless, boolean filtered)
      throws Exception {
    return container.start(
        transport,
        app -> {
          if (filtered) {
            app.filter(new SafeAsyncFilter());
          }
          app.handler("/endless", endless::start)
              .handler("/quick", (request, response) -> response.getWriter().write("quick"));
        });
  }

  /** A client that has sent a request and reads nothing. */
  private static AutoCloseable unread(TestServer server) throws Exception {
    if (server.transport().isHttp2()) {
      Http2Client client = Http2Client.connect(server);
      Http2Exchange unused = client.getUnread("/endless");
      return client;
    }
    return RawClient.connect(server, socket -> socket.setReceiveBufferSize(8192)).get("/endless");
  }

  private static void assertUsable(AutoCloseable client) throws Exception {
    if (client instanceof Http2Client connection) {
      assertThat(connection.get("/quick").awaitBody())
          .as("another stream of the connection")
          .isEqualTo("quick");
    }
  }

  /**
   * Tomcat 11 tells nobody on HTTP/2, and on TLS not while the write waits (its asyncPostProcess
   * waits for the client as well); without the filter the writer waits on in most cases.
   */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void complete_whileAWriteWaits_isToldAndLetsTheWriterOut_G13(
      Container container, Transport transport) throws Exception {
    Endless raw = new Endless(0);
    Endless guarded = new Endless(0);
    try (Logs logs = Logs.swallow()) {
      try (TestServer server = serve(container, transport, raw, false);
          AutoCloseable client = unread(server)) {
        raw.awaitBlocked().complete();
        boolean mayBeSilent = container == Container.TOMCAT_11 && transport != Transport.PLAIN;
        if (!mayBeSilent) {
          assertThat(raw.toldWithin(Witness.SOON)).containsExactly("onComplete");
        }
      }
      logs.clear();
      try (TestServer server = serve(container, transport, guarded, true);
          AutoCloseable client = unread(server)) {
        guarded.awaitBlocked().complete();
        assertThat(guarded.toldWithin(Witness.SOON)).containsExactly("onComplete");
        assertThat(guarded.failure.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
        assertUsable(client);
      }
      logs.assertQuiet();
    }
  }

  /** Tomcat 10 tells no completion on HTTP/2 without the filter. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void timeout_whileAWriteWaits_isToldAndLetsTheWriterOut_G13(
      Container container, Transport transport) throws Exception {
    Endless raw = new Endless(1000);
    Endless guarded = new Endless(1000);
    try (Logs expected = Logs.swallow()) {
      try (TestServer server = serve(container, transport, raw, false);
          AutoCloseable client = unread(server)) {
        raw.awaitBlocked();
        Witness.await().atMost(Witness.SOON).until(() -> raw.told.contains("onTimeout"));
        assertThat(raw.toldWithin(A_WHILE)).startsWith("onTimeout");
      }
      try (TestServer server = serve(container, transport, guarded, true);
          AutoCloseable client = unread(server)) {
        guarded.awaitBlocked();
        assertThat(guarded.toldWithin(Witness.SOON)).containsExactly("onTimeout", "onComplete");
        assertThat(guarded.failure.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
        assertUsable(client);
      }
    }
  }

  /**
   * The containers dispatch while the write goes on in the same objects, and then cut it off.
   * Behind the filter a dispatch waits for the write; where the client takes nothing, it fails.
   */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void dispatch_whileAWriteWaits_failsAndLetsTheWriterOut_G13(
      Container container, Transport transport) throws Exception {
    Endless raw = new Endless(0);
    Endless guarded = new Endless(0);
    try (Logs expected = Logs.swallow()) {
      try (TestServer server = serve(container, transport, raw, false);
          AutoCloseable client = unread(server)) {
        raw.awaitBlocked().dispatch();
        Witness.await().atMost(Witness.SOON).until(() -> raw.told.contains("dispatched"));
      }
      try (TestServer server = serve(container, transport, guarded, true);
          AutoCloseable client = unread(server)) {
        guarded.awaitBlocked().dispatch();
        assertThat(guarded.toldWithin(Witness.SOON))
            .containsExactly("onError SlowClientException", "onComplete");
        assertThat(guarded.failure.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
        assertUsable(client);
      }
    }
  }
}
