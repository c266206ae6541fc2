package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What an application gives to AsyncContext.start runs, whatever has become of its client, and
 * delays nobody else. On the raw container, which does not know that the client has gone, its
 * threads run it.
 */
class StartedTasksIT {

  private static final int CLIENTS = 40;

  private final BlockingQueue<AsyncContext> started = new LinkedBlockingQueue<>();
  private final Semaphore gone = new Semaphore(0);
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger ran = new AtomicInteger();

  private final class Listener extends DeafListener {

    @Override
    public void onError(AsyncEvent event) {
      gone.release();
    }
  }

  private void serve(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(new Listener());
    started.add(context);
  }

  private TestServer start(Container container, boolean filtered) throws Exception {
    return container.start(
        Transport.PLAIN,
        application -> {
          if (filtered) {
            application.filter(new SafeAsyncFilter());
          }
          application.handler("/start", this::serve);
        });
  }

  private AsyncContext left(TestServer server) throws Exception {
    RawClient client = RawClient.connect(server).get("/start");
    AsyncContext context = taken();
    client.closeRst();
    return context;
  }

  private AsyncContext taken() throws InterruptedException {
    AsyncContext context = started.poll(Site.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(context).isNotNull();
    return context;
  }

  private void awaitGone() throws InterruptedException {
    long seconds = Witness.SOON_IN_THE_TABLE.toSeconds();
    assertThat(gone.tryAcquire(seconds, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @EveryContainer
  void tasksAfterTheHangUp_run_andDelayNoOtherExchange_G13(Container container) throws Exception {
    for (boolean filtered : new boolean[] {false, true}) {
      // Undertow has no more than eight threads a core for them.
      int tasks = filtered ? 32 : 4;
      CountDownLatch release = new CountDownLatch(1);
      inside.set(0);
      ran.set(0);
      try (Logs logs = Logs.capture();
          TestServer server = start(container, filtered)) {
        AsyncContext context = left(server);
        if (filtered) {
          awaitGone();
        }
        for (int i = 0; i < tasks; i++) {
          context.start(
              () -> {
                inside.incrementAndGet();
                awaitUninterruptibly(release);
                ran.incrementAndGet();
              });
        }
        Witness.await().atMost(Witness.SOON).until(() -> inside.get() == tasks);
        if (filtered) {
          left(server);
          awaitGone();
          logs.assertQuiet();
        }
        assertThat(ran).hasValue(0);
        release.countDown();
        Witness.await().atMost(Witness.SOON).until(() -> ran.get() == tasks);
        context.complete();
      } finally {
        release.countDown();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void tasksWhileTheClientLeaves_allRun_G13(Container container) throws Exception {
    for (boolean filtered : new boolean[] {false, true}) {
      int given = 0;
      ran.set(0);
      gone.drainPermits();
      try (Logs expected = Logs.swallow();
          TestServer server = start(container, filtered)) {
        for (int i = 0; i < CLIENTS; i++) {
          AsyncContext context = left(server);
          do {
            context.start(ran::incrementAndGet);
            given++;
          } while (filtered ? gone.availablePermits() <= i : given % 8 != 0);
          if (!filtered) {
            // Jetty forgets what it has not begun to run before a completion.
            awaitRun(given, "raw");
          }
          context.complete();
        }
        awaitRun(given, "filter");
      }
    }
  }

  private void awaitRun(int given, String where) {
    Witness.await()
        .atMost(Witness.SOON)
        .untilAsserted(() -> assertThat(ran).as(where).hasValue(given));
  }

  @ParameterizedTest
  @EveryContainer
  void taskThatThrowsAfterTheHangUp_isLogged_andSaysNothingOnStderr_G13(Container container)
      throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream before = System.err;
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, true)) {
      AsyncContext context = left(server);
      awaitGone();
      System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
      context.start(
          () -> {
            throw new IllegalStateException("thrown by the task");
          });
      Witness.await().atMost(Witness.SOON).until(() -> !logs.throwables(Level.WARNING).isEmpty());
      assertThat(logs.throwables(Level.WARNING))
          .singleElement()
          .isInstanceOf(IllegalStateException.class);
      assertThat(said.toString(StandardCharsets.UTF_8)).isEmpty();
    } finally {
      System.setErr(before);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch release) {
    try {
      assertThat(release.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
