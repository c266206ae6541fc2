package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Lifecycle;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/** G13: an application's own WriteListener at the hang-up, on the raw container and behind us. */
class WriteListenerIT {

  private static final byte[] BLOCK = new byte[8192];

  /** Writes while the stream is ready, for ever, and notes what is called and what overlaps. */
  private static final class Writer extends DeafListener implements WriteListener {
    private final AsyncContext context;
    private final ServletOutputStream out;
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private final CountDownLatch told = new CountDownLatch(1);
    private final CountDownLatch returned = new CountDownLatch(1);

    /** Holds the first onWritePossible, if it is to be held. */
    private final CountDownLatch hold;

    private volatile boolean overlapped;

    Writer(AsyncContext context, CountDownLatch hold) throws IOException {
      this.context = context;
      this.hold = hold;
      this.out = context.getResponse().getOutputStream();
    }

    @Override
    public void onWritePossible() throws IOException {
      enter("onWritePossible");
      try {
        if (hold.getCount() > 0) {
          out.print("first");
          if (out.isReady()) {
            out.flush();
          }
          hold.await();
        }
        while (out.isReady()) {
          out.write(BLOCK);
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      } finally {
        inside.decrementAndGet();
        returned.countDown();
      }
    }

    @Override
    public void onError(Throwable failure) {
      enter("WriteListener.onError");
      inside.decrementAndGet();
      told.countDown();
      context.complete();
    }

    @Override
    public void onError(AsyncEvent event) {
      enter("AsyncListener.onError");
      inside.decrementAndGet();
    }

    private void enter(String callback) {
      heard.add(callback);
      if (inside.getAndIncrement() != 0) {
        overlapped = true;
      }
    }
  }

  private static Handler writes(List<Writer> writers, CountDownLatch hold) {
    return (request, response) -> {
      AsyncContext context = request.startAsync();
      context.setTimeout(0);
      Writer writer = new Writer(context, hold);
      context.addListener(writer);
      writers.add(writer);
      writer.out.setWriteListener(writer);
    };
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
          app.handler("/write", handler);
        });
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void writingWhileReady_endsWithTheClient_G13(Container container, Transport transport)
      throws Exception {
    try (Logs expected = Logs.swallow()) {
      for (boolean filtered : new boolean[] {false, true}) {
        List<Writer> writers = new CopyOnWriteArrayList<>();
        CountDownLatch free = new CountDownLatch(0);
        try (TestServer server = start(container, transport, filtered, writes(writers, free))) {
          readABitAndLeave(server);
          Writer writer = writers.get(0);
          String where = (filtered ? "filter " : "raw ") + writer.heard;
          // Undertow tells no WriteListener of a reset, Tomcat of none on HTTP/2.
          assertThat(!filtered || writer.told.await(10, SECONDS)).as(where).isTrue();
          assertThat(writer.returned.await(10, SECONDS)).as(where).isTrue();
          Witness.await().atMost(Witness.SOON).until(() -> writer.inside.get() == 0);
          assertThat(writer.heard.stream().filter("WriteListener.onError"::equals))
              .as(where)
              .hasSizeLessThanOrEqualTo(1);
          assertThat(writer.overlapped && filtered).as(where + writer.heard).isFalse();
        }
      }
    }
  }

  private static void readABitAndLeave(TestServer server) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        var exchange = client.getUnread("/write");
        assertThat(exchange.awaitStatus()).isEqualTo(200);
        exchange.reset();
        Thread.sleep(300); // The reset is to be noticed, not the connection's end.
      }
    } else {
      try (RawClient client = RawClient.connect(server).get("/write")) {
        assertThat(client.readLine()).startsWith("HTTP/1.1 200");
        client.closeRst();
      }
    }
  }

  /** The end of the exchange waits for the callback, and no thread waits with it. */
  @ParameterizedTest
  @EveryContainer
  void hangUpInOnWritePossible_isToldWhenThatHasReturned_G13(Container container) throws Exception {
    List<Writer> writers = new CopyOnWriteArrayList<>();
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch noticed = new CountDownLatch(1);
    Handler handler =
        (request, response) -> {
          Exchange exchange = Exchange.of(request);
          writes(writers, hold).handle(request, response);
          Thread watcher =
              new Thread(
                  () -> {
                    Witness.await().atMost(Witness.SOON).until(() -> !exchange.isLive());
                    noticed.countDown();
                  });
          watcher.setDaemon(true);
          watcher.start();
        };
    try (Logs logs = Logs.capture();
        TestServer server = start(container, Transport.PLAIN, true, handler)) {
      try (RawClient client = RawClient.connect(server).get("/write")) {
        assertThat(client.readLine()).startsWith("HTTP/1.1 200");
        client.closeRst();
      }
      assertThat(noticed.await(10, SECONDS)).isTrue();
      Writer writer = writers.get(0);
      // Long enough for what must not come.
      assertThat(writer.told.await(200, MILLISECONDS)).isFalse();
      hold.countDown();
      assertThat(writer.told.await(10, SECONDS)).isTrue();
      Witness.await()
          .atMost(Witness.SOON)
          .until(() -> writer.heard.contains("AsyncListener.onError"));
      assertThat(writer.overlapped).as(writer.heard.toString()).isFalse();
      assertThat(writer.heard)
          .containsExactly("onWritePossible", "WriteListener.onError", "AsyncListener.onError");
      logs.assertQuiet();
    }
  }

  /** On Tomcat both want its lock of the connection, and one waited for the other for a second. */
  @ParameterizedTest
  @EveryContainer
  void listenerSetWhileATimeoutIsTold_waitsForNobody_G13(Container container) throws Exception {
    CountDownLatch telling = new CountDownLatch(1);
    CountDownLatch set = new CountDownLatch(1);
    BlockingQueue<Writer> writers = new LinkedBlockingQueue<>();
    AtomicReference<Exchange> timed = new AtomicReference<>();
    Handler handler =
        (request, response) -> {
          timed.set(Exchange.of(request));
          AsyncContext context = request.startAsync();
          context.setTimeout(100);
          context.addListener(
              new DeafListener() {
                @Override
                public void onTimeout(AsyncEvent event) {
                  telling.countDown();
                  awaitAWhile(set);
                }
              });
          writers.add(new Writer(context, new CountDownLatch(0)));
        };
    ExecutorService application = Threads.started(1);
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, Transport.PLAIN, true, handler);
        RawClient client = RawClient.connect(server).get("/write")) {
      Writer writer = writers.poll(10, SECONDS);
      assertThat(telling.await(10, SECONDS)).isTrue();
      Future<?> setting = application.submit(() -> setListener(writer, set));
      setting.get(10, SECONDS);
      Witness.await()
          .atMost(Witness.SOON)
          .until(() -> timed.get().lifecycle().phase() == Lifecycle.Phase.CLOSED);
      assertThat(logs.lines(Level.WARNING)).isEmpty();
    } finally {
      application.shutdownNow();
    }
  }

  /** So long that the other thread is in what it does, or has done it. */
  private static void awaitAWhile(CountDownLatch set) {
    try {
      boolean unused = set.await(300, MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void setListener(Writer writer, CountDownLatch set) {
    try {
      writer.out.setWriteListener(writer);
    } catch (RuntimeException expected) {
      // The container has ended the request.
    } finally {
      set.countDown();
    }
  }

  /** After the end a listener is told; a container throws, or never calls it. */
  @ParameterizedTest
  @EveryContainer
  void listenerSetAfterTheEnd_isTold_G13(Container container) throws Exception {
    CountDownLatch told = new CountDownLatch(1);
    Handler handler =
        (request, response) -> {
          AsyncContext context = request.startAsync();
          context.setTimeout(0);
          ServletOutputStream out = response.getOutputStream();
          context.addListener(
              new DeafListener() {
                @Override
                public void onComplete(AsyncEvent event) {
                  out.setWriteListener(
                      new WriteListener() {
                        @Override
                        public void onWritePossible() {}

                        @Override
                        public void onError(Throwable failure) {
                          told.countDown();
                        }
                      });
                }
              });
        };
    try (TestServer server = start(container, Transport.PLAIN, true, handler)) {
      RawClient.connect(server).get("/write").closeRst();
      assertThat(told.await(10, SECONDS)).isTrue();
    }
  }
}
