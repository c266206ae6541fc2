package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.BareRequests;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Many pending requests whose clients are all killed at once: how long until the application was
 * told of each, what watching costs in heap above not watching, and what the watcher takes of a
 * core while nothing happens.
 *
 * <p>{@code -Dunknown=true} hides the container, so that the kernel's table is polled.
 *
 * <p>Takes one open file a request in each of two processes: {@code ulimit -n} of 11000 or more for
 * the default of 10,000.
 */
final class PendingBenchmark {

  private static final long IDLE_SECONDS = 10;

  private final int count;
  private final CountDownLatch taken;
  private final CountDownLatch told;
  private volatile long lastToldAt;

  private PendingBenchmark(int count) {
    this.count = count;
    this.taken = new CountDownLatch(count);
    this.told = new CountDownLatch(count);
  }

  static void run(int count) throws Exception {
    System.out.printf(
        "%s, %d processors, %d pending requests killed at once%n%n",
        Runtime.version(), Runtime.getRuntime().availableProcessors(), count);
    System.out.println(
        "| container | noticed | until the last onDisconnect | heap a watched request adds |"
            + " idle watcher |");
    System.out.println("| --- | ---: | ---: | ---: | ---: |");
    for (Container container : Container.available()) {
      new PendingBenchmark(Math.min(count, 1_000)).measure(container, Duration.ofMillis(20));
      // Pending for less than the grace period: everything but the watching.
      Result unwatched =
          new PendingBenchmark(count).measure(container, Duration.ofSeconds(60), false);
      Result watched = new PendingBenchmark(count).measure(container, Duration.ofMillis(20));
      System.out.printf(
          "| %s | %.1f %% | %,d ms | %,d bytes | %.2f %% of a core |%n",
          container,
          100.0 * watched.noticed / count,
          watched.millis,
          (watched.heap - unwatched.heap) / count,
          watched.idlePercent);
    }
  }

  private record Result(long heap, double idlePercent, int noticed, long millis) {}

  private Result measure(Container container, Duration grace) throws Exception {
    return measure(container, grace, true);
  }

  private Result measure(Container container, Duration grace, boolean killed) throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder().timeout(Duration.ZERO).detectAfter(grace).build();
    long before = heap();
    try (TestServer server =
        container.start(
            app ->
                hide(app.customize(Object.class, PendingBenchmark::allowConnections))
                    .filter(SafeAsyncFilter.create(config))
                    .handler("/take", (in, out) -> take(SafeAsyncResponse.of(in))))) {
      Process crowd = crowd(server.port());
      try {
        if (!taken.await(120, TimeUnit.SECONDS)) {
          throw new IOException(taken.getCount() + " requests did not come; see ulimit -n");
        }
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        long heap = heap() - before;
        if (!killed) {
          return new Result(heap, 0, 0, 0);
        }
        double idle = idlePercent();
        long start = System.nanoTime();
        crowd.destroyForcibly();
        told.await(30, TimeUnit.SECONDS);
        return new Result(
            heap, idle, count - (int) told.getCount(), (lastToldAt - start) / 1_000_000);
      } finally {
        crowd.destroyForcibly().waitFor();
      }
    }
  }

  private static TestApplication hide(TestApplication app) {
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

  private Process crowd(int port) throws IOException, URISyntaxException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                Path.of(Crowd.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString(),
                Crowd.class.getName(),
                Integer.toString(port),
                Integer.toString(count))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    if (line == null) {
      throw new IOException("the clients' process has ended; see ulimit -n");
    }
    return process;
  }

  /**
   * Tomcat takes 8192 connections unless told otherwise; by name, as no container is named here.
   */
  private static void allowConnections(Object containerNative) {
    if (containerNative.getClass().getSimpleName().equals("Connector")) {
      try {
        containerNative
            .getClass()
            .getMethod("setProperty", String.class, String.class)
            .invoke(containerNative, "maxConnections", "100000");
      } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static double idlePercent() {
    long before = watcherNanos();
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(IDLE_SECONDS));
    return 100.0 * (watcherNanos() - before) / TimeUnit.SECONDS.toNanos(IDLE_SECONDS);
  }

  private static long watcherNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("safe-async watcher")) {
        return threads.getThreadCpuTime(thread.getId());
      }
    }
    return 0;
  }
}
