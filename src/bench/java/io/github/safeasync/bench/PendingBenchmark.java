package io.github.safeasync.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.BareRequests;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Many pending requests whose clients are all killed at once: how long until the application was
 * told of each, how many threads that took, what watching costs in heap beside a bare AsyncContext,
 * in CPU time to begin with, and of a core while nothing happens.
 *
 * <p>{@code -Dunknown=true} hides the container, so that the kernel's table is polled.
 *
 * <p>Takes one open file a request in each of two processes: {@code ulimit -n} of 11000 or more for
 * the default of 10,000. Five times as many follow where that is 60000 or more.
 */
final class PendingBenchmark {

  private static final int[] FEWER = {100, 1_000};
  private static final int TIMES_MORE = 5;

  /** What else a process has open. */
  private static final int OTHER_FILES = 1_000;

  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final long AFTER_SECONDS = 2;
  private static final int SMALL = 1_000;

  /** What the budgets are for: of more, in proportion. */
  private static final int KILLED = 10_000;

  private static final double KILLED_MILLIS = 300;
  private static final double ARM_MILLIS = 100;
  private static final double IDLE_PERCENT = 0.2;
  private static final double HEAP = 700;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final UnixOperatingSystemMXBean FILES =
      (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final int count;
  private final CountDownLatch taken;
  private final CountDownLatch told;
  private volatile long lastToldAt;

  private PendingBenchmark(int count) {
    this.count = count;
    this.taken = new CountDownLatch(count);
    this.told = new CountDownLatch(count);
  }

  static void run(Report report, int count) throws Exception {
    for (Container container : Container.available()) {
      new PendingBenchmark(SMALL).measure(container, true);
      for (int fewer : FEWER) {
        if (fewer < count) {
          add(report, container, fewer);
        }
      }
      add(report, container, count);
      if (count >= KILLED) {
        addMore(report, container, TIMES_MORE * count);
      }
    }
  }

  private static void addMore(Report report, Container container, int count) throws Exception {
    long files = FILES.getMaxFileDescriptorCount();
    if (files < count + OTHER_FILES) {
      String why = "ulimit -n is " + files + ", of which this needs " + (count + OTHER_FILES);
      report.missing(container, count + " pending", why);
    } else {
      add(report, container, count);
    }
  }

  private static void add(Report report, Container container, int count) throws Exception {
    Result raw = new PendingBenchmark(count).measure(container, false);
    Result watched = new PendingBenchmark(count).measure(container, true);
    double heap = (double) (watched.heap - raw.heap) / count;
    Figure millis = Figure.of("last told after", watched.millis, "ms");
    Figure watching = Figure.of("watching", watched.armMillis, "ms CPU");
    Figure threads = Figure.of("threads", watched.threads, "");
    report.row(
        container,
        count + " pending, killed at once",
        Figure.of("told", 100.0 * watched.noticed / count, "%").atLeast(100),
        count < KILLED ? millis : millis.atMost(KILLED_MILLIS * count / KILLED),
        threads.atMost(raw.threads));
    report.row(
        container,
        count + " pending",
        count < SMALL
            ? Figure.of("heap", heap, "bytes")
            : Figure.of("heap", heap, "bytes").atMost(HEAP),
        count < KILLED ? watching : watching.atMost(ARM_MILLIS * count / KILLED),
        Figure.of("idle", watched.idlePercent, "% of a core").atMost(IDLE_PERCENT));
  }

  private record Result(
      long heap, double armMillis, double idlePercent, int noticed, double millis, int threads) {}

  private Result measure(Container container, boolean watched) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    long before = heap();
    try (TestServer server =
        container.start(
            app -> {
              app.customize(
                  Object.class, TomcatConnector.with("maxConnections", WatchingBench.CONNECTIONS));
              if (watched) {
                hide(app)
                    .filter(SafeAsyncFilter.create(config))
                    .handler("/take", (in, out) -> take(SafeAsyncResponse.of(in)));
              } else {
                app.handler("/take", (in, out) -> wait(in.startAsync()));
              }
            })) {
      double cpu = WatcherCpu.millis();
      Process crowd = Crowd.start(server.port(), count, Crowd.Kind.SILENT);
      try {
        if (!taken.await(120, TimeUnit.SECONDS)) {
          throw new IOException(taken.getCount() + " requests did not come; see ulimit -n");
        }
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        double arming = WatcherCpu.millis() - cpu;
        long heap = heap() - before;
        double idle = watched ? WatcherCpu.percentDuring(IDLE) : 0;
        THREADS.resetPeakThreadCount();
        long start = System.nanoTime();
        crowd.destroyForcibly();
        told.await(watched ? 30 : AFTER_SECONDS, TimeUnit.SECONDS);
        return new Result(
            heap,
            arming,
            idle,
            count - (int) told.getCount(),
            (lastToldAt - start) / 1e6,
            THREADS.getPeakThreadCount());
      } finally {
        crowd.destroyForcibly().waitFor();
      }
    }
  }

  private void wait(AsyncContext context) {
    context.setTimeout(0);
    taken.countDown();
  }

  static TestApplication hide(TestApplication app) {
    if (Boolean.getBoolean("unknown")) {
      BareRequests.precede(app);
    }
    return app;
  }

  private void take(SafeAsyncResponse response) {
    response.onDisconnect(
        gone -> {
          lastToldAt = System.nanoTime();
          told.countDown();
        });
    taken.countDown();
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
