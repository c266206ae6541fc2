package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: an application that lets out what a write to a lost client throws. The container knows its
 * own exception for that, and logs nothing; it has to know the library's as well.
 */
class LostClientIT {

  private static final int CLIENTS = 4;

  /** What a container says of an exception it says at once. */
  private static final Duration QUIET = Duration.ofMillis(150);

  /** Where the application is when it writes. */
  enum Way {
    REQUEST,
    WRAPPED,
    UNCHECKED,
    DISPATCH,
    FORWARD,
    STARTED,
    WRITE_LISTENER,
    TIMEOUT_LISTENER
  }

  private final List<List<String>> told = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch ended = new CountDownLatch(CLIENTS);

  private void write(ServletResponse response) throws IOException {
    try {
      response.setContentType("text/event-stream");
      ServletOutputStream out = response.getOutputStream();
      while (true) {
        out.print("data: more\n\n");
        out.flush();
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      ended.countDown();
    }
  }

  private void writeUnchecked(ServletResponse response) {
    try {
      write(response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Handler handler(Way way) {
    return (request, response) -> {
      if (request.getDispatcherType() != DispatcherType.REQUEST) {
        write(response);
        return;
      }
      AsyncContext context = request.startAsync();
      context.setTimeout(way == Way.TIMEOUT_LISTENER ? 50 : 0);
      List<String> events = new CopyOnWriteArrayList<>();
      told.add(events);
      context.addListener(new Told(events));
      start(way, context, request, response);
    };
  }

  private void start(
      Way way, AsyncContext context, HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    switch (way) {
      case REQUEST -> write(response);
      case WRAPPED -> {
        try {
          write(response);
        } catch (IOException e) {
          throw new ServletException("wrapped", new ServletException(e));
        }
      }
      case UNCHECKED -> writeUnchecked(response);
      case DISPATCH -> context.dispatch();
      case FORWARD -> request.getRequestDispatcher("/" + Way.FORWARD).forward(request, response);
      case STARTED ->
          context.start(
              () -> {
                try {
                  write(response);
                } catch (IOException e) {
                  context.complete();
                }
              });
      case WRITE_LISTENER -> response.getOutputStream().setWriteListener(new Writing(response));
      case TIMEOUT_LISTENER ->
          context.addListener(
              new DeafListener() {
                @Override
                public void onTimeout(AsyncEvent event) throws IOException {
                  write(response);
                }
              });
    }
  }

  /** Writes on, once per call. */
  private final class Writing implements WriteListener {
    private final HttpServletResponse response;

    Writing(HttpServletResponse response) {
      this.response = response;
    }

    @Override
    public void onWritePossible() throws IOException {
      write(response);
    }

    @Override
    public void onError(Throwable t) {}
  }

  /** Writes down what it is told. */
  private static final class Told extends DeafListener {
    private final List<String> events;

    Told(List<String> events) {
      this.events = events;
    }

    @Override
    public void onError(AsyncEvent event) {
      events.add("onError");
    }

    @Override
    public void onComplete(AsyncEvent event) {
      events.add("onComplete");
    }
  }

  /**
   * What was logged above DEBUG while all clients left a server of their own: on a raw Tomcat what
   * is left of one client can fail the next one's request (ContainerFaultsIT).
   */
  private List<String> logged(boolean filtered, Container container, Transport transport, Way way)
      throws Exception {
    ended = new CountDownLatch(CLIENTS);
    told.clear();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.handler("/" + way, handler(way));
                })) {
      for (int i = 0; i < CLIENTS; i++) {
        openAndLeave(server, way, i % 2 == 0);
      }
      assertThat(ended.await(20, SECONDS)).as("%s left", ended.getCount()).isTrue();
      if (filtered) {
        await().atMost(Witness.SOON).untilAsserted(() -> assertAllTold(way));
      }
      await().during(QUIET).until(() -> true);
      return logs.records().stream()
          .filter(each -> each.getLevel().intValue() > Level.FINE.intValue())
          .filter(each -> !isOfStart(each))
          .map(each -> each.getLevel() + " " + each.getLoggerName() + " " + each.getThrown())
          .toList();
    }
  }

  private void assertAllTold(Way way) {
    assertThat(told).hasSize(CLIENTS);
    for (List<String> each : told) {
      assertThat(each).as("%s", way).containsExactly("onError", "onComplete");
    }
  }

  /** Containers and the library say at INFO that they are there. */
  private static boolean isOfStart(LogRecord each) {
    return each.getLevel().intValue() == Level.INFO.intValue() && each.getThrown() == null;
  }

  private static void openAndLeave(TestServer server, Way way, boolean reset) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        assertThat(client.getUnread("/" + way).awaitStatus()).isEqualTo(200);
      }
      return;
    }
    try (RawClient client = RawClient.connect(server).get("/" + way)) {
      assertThat(client.readLine()).startsWith("HTTP/1.1 200");
      if (reset) {
        client.closeRst();
      } else {
        client.closeFin();
      }
    }
  }

  /**
   * Jetty's stream that was reset throws a ClosedChannelException, which it does log, unless its
   * own notice of the reset comes first: of that as many lines come raw as behind the filter.
   */
  private static boolean isLoggedByItself(Container container, Transport transport) {
    return container.isJetty() && transport.isHttp2();
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void whatAWriteThrows_isLoggedNoMoreThanTheContainersOwn_G13(
      Container container, Transport transport) throws Exception {
    Set<Way> ways =
        transport.isHttp2()
            ? EnumSet.of(Way.REQUEST, Way.UNCHECKED, Way.DISPATCH)
            : EnumSet.allOf(Way.class);
    for (Way way : ways) {
      List<String> raw = logged(false, container, transport, way);
      List<String> guarded = logged(true, container, transport, way);
      System.out.printf(
          "%s %s %s: raw %d, with the filter %d%n",
          container, transport, way, raw.size(), guarded.size());
      boolean quiet = raw.isEmpty() && !isLoggedByItself(container, transport);
      assertThat(guarded).as("%s", way).hasSizeLessThanOrEqualTo(quiet ? 0 : CLIENTS);
    }
  }
}
