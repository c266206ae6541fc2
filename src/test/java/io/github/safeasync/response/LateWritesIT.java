package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
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
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: an application whose only sign of the end is a failing write. The same servlets, which know
 * nothing of the library, on the raw container and behind the filter.
 */
class LateWritesIT {

  private static final int CLIENTS = 5;

  /** How the exchange ends. */
  enum Way {
    COMPLETE,
    TIMEOUT,
    HANG_UP
  }

  /** What one servlet holds of its exchange. */
  private record Held(
      HttpServletResponse response,
      ServletOutputStream out,
      AsyncContext context,
      CountDownLatch over) {}

  private interface Call {
    void run() throws IOException;
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
          app.handler("/held", handler);
        });
  }

  private static Handler keep(BlockingQueue<Held> held, Way way) {
    return (request, response) -> {
      AsyncContext context = request.startAsync();
      context.setTimeout(way == Way.TIMEOUT ? 50 : 0);
      CountDownLatch over = new CountDownLatch(1);
      context.addListener(
          new DeafListener() {
            @Override
            public void onComplete(AsyncEvent event) {
              over.countDown();
            }
          });
      held.add(new Held(response, response.getOutputStream(), context, over));
    };
  }

  private static boolean fails(Call call) {
    try {
      call.run();
      return false;
    } catch (IOException | RuntimeException failure) {
      return true;
    }
  }

  /** Ends an exchange, and answers what it lets its application write to then. */
  private static Held ended(Container container, boolean filtered, Way way) throws Exception {
    BlockingQueue<Held> all = new LinkedBlockingQueue<>();
    try (TestServer server = start(container, Transport.PLAIN, filtered, keep(all, way));
        RawClient client = RawClient.connect(server).get("/held")) {
      Held held = all.poll(10, SECONDS);
      assertThat(held).isNotNull();
      switch (way) {
        case COMPLETE -> held.context.complete();
        case TIMEOUT -> {}
        case HANG_UP -> {
          client.closeRst();
          Witness.await()
              .atMost(Witness.SOON)
              .until(
                  () ->
                      fails(
                          () -> {
                            held.out.print("x");
                            held.out.flush();
                          }));
        }
      }
      // Jetty tells nobody of a failing write (ContainerFaultsIT).
      boolean told = held.over.await(way == Way.HANG_UP && !filtered ? 1 : 10, SECONDS);
      assertThat(told || way == Way.HANG_UP).isTrue();
      return held;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void afterEachEnd_aWriteFailsAsOnTheContainer_G13(Container container) throws Exception {
    try (Logs expected = Logs.swallow()) {
      for (Way way : Way.values()) {
        Held raw = ended(container, false, way);
        assertThat(fails(() -> raw.out.write(1))).as("%s raw", way).isTrue();
        Held guarded = ended(container, true, way);
        assertThat(fails(() -> guarded.out.write(1))).as("%s write", way).isTrue();
        assertThat(fails(() -> guarded.out.print("late"))).as("%s print", way).isTrue();
        // Undertow's flush finds nothing to send, and is silent; the others fail.
        assertThat(fails(guarded.out::flush)).as("%s flush", way).isTrue();
        assertThat(fails(guarded.response::flushBuffer)).as("%s flushBuffer", way).isTrue();
        // Closing is how an application lets go; Tomcat alone fails here.
        assertThat(fails(guarded.out::close)).as("%s close", way).isFalse();
      }
    }
  }

  /** An event source whose thread ends on the exception of its client's departure. */
  private static Handler events(CountDownLatch ended) {
    return (request, response) -> {
      response.setContentType("text/event-stream");
      AsyncContext context = request.startAsync();
      context.setTimeout(0);
      Thread source =
          new Thread(
              () -> {
                try {
                  ServletOutputStream out = context.getResponse().getOutputStream();
                  while (true) {
                    out.print("data: tick\n\n");
                    out.flush();
                    Thread.sleep(20);
                  }
                } catch (IOException | InterruptedException | RuntimeException gone) {
                  ended.countDown();
                }
              });
      source.setDaemon(true);
      source.start();
    };
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void anEndlessSourceOfEvents_endsWithItsClient_G13(Container container, Transport transport)
      throws Exception {
    try (Logs expected = Logs.swallow()) {
      for (boolean filtered : new boolean[] {false, true}) {
        CountDownLatch ended = new CountDownLatch(CLIENTS);
        try (TestServer server = start(container, transport, filtered, events(ended))) {
          for (int i = 0; i < CLIENTS; i++) {
            openAndLeave(server);
          }
          assertThat(ended.await(10, SECONDS))
              .as("%s: %s threads left", filtered ? "filter" : "raw", ended.getCount())
              .isTrue();
        }
      }
    }
  }

  private static void openAndLeave(TestServer server) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        assertThat(client.getUnread("/held").awaitStatus()).isEqualTo(200);
      }
    } else {
      try (RawClient client = RawClient.connect(server).get("/held")) {
        assertThat(client.readLine()).startsWith("HTTP/1.1 200");
        client.closeRst();
      }
    }
  }
}
