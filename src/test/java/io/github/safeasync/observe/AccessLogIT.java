package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What the containers' own access logs, read from their files, say of a request whose client has
 * left, and of one whose client has not: raw, and behind the filter.
 */
class AccessLogIT {

  @TempDir private Path raw;
  @TempDir private Path behind;

  private final BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
  private final BlockingQueue<CountDownLatch> blocked = new LinkedBlockingQueue<>();

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  /** Completes after an error, as applications do, and says which status it has seen. */
  private final class Hearing implements AsyncListener {

    private void hears(String event, AsyncEvent of) {
      heard.add(event + " " + ((HttpServletResponse) of.getSuppliedResponse()).getStatus());
    }

    @Override
    public void onError(AsyncEvent event) {
      hears("onError", event);
      event.getAsyncContext().complete();
    }

    @Override
    public void onComplete(AsyncEvent event) {
      hears("onComplete", event);
    }

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private void pending(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.addListener(new Hearing(), request, response);
    if (request.getRequestURI().endsWith("/flushed")) {
      response.getWriter().write("a part");
      response.flushBuffer();
    }
    pending.add(context);
  }

  private void blocked(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    CountDownLatch release = new CountDownLatch(1);
    blocked.add(release);
    try {
      boolean unused = release.await(30, TimeUnit.SECONDS);
      response.getWriter().write("done");
    } catch (InterruptedException e) {
      if (request.getRequestURI().endsWith("/thrown")) {
        throw new ServletException(e);
      }
    }
  }

  private static void answered(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = request.startAsync();
    context.start(
        () -> {
          try {
            response.getWriter().write("answered");
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          context.complete();
        });
  }

  private TestServer start(
      Container container, Transport transport, AccessLog log, @Nullable SafeAsyncConfig behind)
      throws Exception {
    return container.start(
        transport,
        app -> {
          log.of(app);
          if (behind != null) {
            app.filter(SafeAsyncFilter.create(behind));
          }
          handlers(app);
        });
  }

  private void handlers(TestApplication app) {
    app.handler("/pending", this::pending)
        .handler("/flushed", this::pending)
        .handler("/returned", this::blocked)
        .handler("/thrown", this::blocked)
        .handler("/answered", AccessLogIT::answered)
        .handler("/synchronous", (request, response) -> response.getWriter().write("done"))
        .handler("/missing", (request, response) -> response.sendError(404));
  }

  /** Requests a path, leaves once the servlet waits, and has it answer late where it is raw. */
  private AccessLog.Line lineOfLeft(TestServer server, AccessLog log, String path, boolean raw)
      throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        Http2Exchange exchange = client.get(path);
        Runnable answer = lateAnswer();
        if (path.equals("/returned") || path.equals("/thrown")) {
          client.closeRst();
        } else {
          exchange.reset();
        }
        return line(log, path, answer, raw);
      }
    }
    try (RawClient client = RawClient.connect(server)) {
      client.get(path);
      Runnable answer = lateAnswer();
      client.closeFin();
      return line(log, path, answer, raw);
    }
  }

  private Runnable lateAnswer() throws InterruptedException {
    for (int i = 0; i < 1000; i++) {
      AsyncContext context = pending.poll(10, TimeUnit.MILLISECONDS);
      CountDownLatch latch = context == null ? blocked.poll() : null;
      if (context != null) {
        return () -> complete(context);
      } else if (latch != null) {
        return latch::countDown;
      }
    }
    throw new AssertionError("No servlet was called");
  }

  private static void complete(AsyncContext context) {
    try {
      context.getResponse().getWriter().write("late");
    } catch (IOException | RuntimeException ended) {
      // The container has heard of it.
    }
    Twins.complete(context);
  }

  private static AccessLog.Line line(AccessLog log, String path, Runnable answer, boolean raw)
      throws InterruptedException {
    if (raw) {
      // What has left is to be known to the kernel before the answer, as it would be later.
      Thread.sleep(100);
      answer.run();
    }
    return log.line(path);
  }

  private static SafeAsyncConfig.Builder watchingAll() {
    return SafeAsyncConfig.builder().watch(SafeAsyncConfig.Watch.SYNC);
  }

  /**
   * Where a stream of Tomcat's is told to have failed, CoyoteAdapter sets the status to 500 after
   * everybody else, as without the library.
   */
  private static List<String> orTomcatsOwn(
      Container container, Transport transport, String status) {
    boolean stream = transport.isHttp2() && container.name().startsWith("TOMCAT");
    return stream ? List.of(status, "500") : List.of(status);
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void requestWhoseClientHasLeft_is499_andCommittedKeepsItsStatus(
      Container container, Transport transport) throws Exception {
    AccessLog without = new AccessLog(raw);
    AccessLog with = new AccessLog(behind);
    try (TestServer plain = start(container, transport, without, null);
        TestServer guarded = start(container, transport, with, watchingAll().build())) {
      for (String path : List.of("/pending", "/flushed", "/returned", "/thrown")) {
        AccessLog.Line line = lineOfLeft(plain, without, path, true);
        assertThat(line.status()).as(path).isIn("200", "500");
        assertThat(line.departure()).as(path).isEqualTo("-");
      }

      for (String path : List.of("/pending", "/returned")) {
        AccessLog.Line line = lineOfLeft(guarded, with, path, false);
        assertThat(line.status()).as(path).isIn(orTomcatsOwn(container, transport, "499"));
        assertThat(line.departure()).as(path).contains(" noticed by ");
      }
      AccessLog.Line flushed = lineOfLeft(guarded, with, "/flushed", false);
      assertThat(flushed.status()).isIn(orTomcatsOwn(container, transport, "200"));
      assertThat(flushed.departure()).contains(" noticed by ");
      // What the servlet throws as it is interrupted is the container's to answer: Tomcat says 400.
      AccessLog.Line thrown = lineOfLeft(guarded, with, "/thrown", false);
      assertThat(thrown.status()).isIn("400", "500");
      assertThat(thrown.departure()).contains(" noticed by ");
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void requestWhoseClientStays_isLoggedAsWithoutTheFilter_G7(
      Container container, Transport transport) throws Exception {
    AccessLog without = new AccessLog(raw);
    AccessLog with = new AccessLog(behind);
    try (TestServer plain = start(container, transport, without, null);
        TestServer guarded = start(container, transport, with, watchingAll().build())) {
      for (String path : List.of("/answered", "/synchronous", "/missing")) {
        get(plain, path);
        get(guarded, path);
        assertThat(with.line(path)).as(path).isEqualTo(without.line(path));
        assertThat(with.line(path).departure()).as(path).isEqualTo("-");
      }
    }
  }

  private static void get(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        client.get(path).awaitEnd();
      }
    } else {
      try (RawClient client = RawClient.connect(server)) {
        client.get(path);
        client.readResponse();
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void status_isNotSeenByTheApplication_G13(Container container, Transport transport)
      throws Exception {
    AccessLog log = new AccessLog(behind);
    try (TestServer server = start(container, transport, log, watchingAll().build())) {
      AccessLog.Line line = lineOfLeft(server, log, "/pending", false);

      assertThat(line.status()).isIn(orTomcatsOwn(container, transport, "499"));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("onError 200");
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("onComplete 200");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void disconnectStatus_isAnyErrorOrNone(Container container) throws Exception {
    AccessLog log = new AccessLog(raw);
    SafeAsyncConfig config = SafeAsyncConfig.builder().disconnectStatus(444).build();
    try (TestServer server = start(container, Transport.PLAIN, log, config)) {
      assertThat(lineOfLeft(server, log, "/pending", false).status()).isEqualTo("444");
    }
    AccessLog none = new AccessLog(behind);
    SafeAsyncConfig off = SafeAsyncConfig.builder().disconnectStatus(0).build();
    try (TestServer server = start(container, Transport.PLAIN, none, off)) {
      AccessLog.Line line = lineOfLeft(server, none, "/pending", false);
      // Jetty has none of a response that was cut off before its head.
      assertThat(line.status()).isIn("0", "200");
      assertThat(line.departure()).contains(" noticed by ");
    }
  }
}
