package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What of a core the watcher takes while many wait, by what their clients send meanwhile; and how
 * long it is, once all are killed, until the last is told.
 *
 * <p>{@code -Dunknown=true} hides the container, so that the kernel's table is polled, and {@code
 * -Dbystanders=20000} puts as many sockets of other processes into that; {@code -Dseconds=60} looks
 * longer.
 */
final class WatchingBench {

  private static final int FEW = 100;

  /** Until the first looks, which are not put off, are over. */
  private static final long SETTLING_SECONDS = 3;

  private static final Duration TIME = Duration.ofSeconds(Long.getLong("seconds", 15));
  private static final long PATIENCE_SECONDS = 120;
  private static final double PERCENT = 1;

  /** Tomcat takes 8192 unless told otherwise. */
  static final String CONNECTIONS = "100000";

  private WatchingBench() {}

  static void run(Report report, int count) throws Exception {
    try (Bystanders others = Bystanders.start(Integer.getInteger("bystanders", 0))) {
      runBeside(others, report, count);
    }
  }

  private static void runBeside(Bystanders others, Report report, int count) throws Exception {
    for (Container container : Container.available()) {
      for (Crowd.Kind kind : kinds()) {
        String beside = others.count() == 0 ? "" : ", beside " + others.count() + " sockets";
        add(report, container, kind, Math.min(FEW, count), beside);
        if (count > FEW) {
          add(report, container, kind, count, beside);
        }
      }
    }
  }

  /** {@code -Dkinds=BODY,TRICKLE} takes some. */
  private static Set<Crowd.Kind> kinds() {
    String named = System.getProperty("kinds", "SILENT,BODY,PIPELINED,TRICKLE");
    return Stream.of(named.split(","))
        .map(Crowd.Kind::valueOf)
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Crowd.Kind.class)));
  }

  private static void add(
      Report report, Container container, Crowd.Kind kind, int count, String beside)
      throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    CountDownLatch taken = new CountDownLatch(count);
    CountDownLatch told = new CountDownLatch(count);
    try (TestServer server =
        container.start(
            app ->
                PendingBenchmark.hide(
                        app.customize(
                            Object.class, TomcatConnector.with("maxConnections", CONNECTIONS)))
                    .filter(SafeAsyncFilter.create(config))
                    .handler(
                        "/take",
                        (in, out) -> {
                          SafeAsyncResponse.of(in).onDisconnect(gone -> told.countDown());
                          taken.countDown();
                        }))) {
      Process crowd = Crowd.start(server.port(), count, kind);
      try {
        if (!taken.await(120, TimeUnit.SECONDS)) {
          throw new IOException(taken.getCount() + " requests did not come; see ulimit -n");
        }
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(SETTLING_SECONDS));
        double percent = WatcherCpu.percentDuring(TIME);
        long killed = System.nanoTime();
        crowd.destroyForcibly();
        boolean all = told.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        double millis = all ? (System.nanoTime() - killed) / 1e6 : Double.NaN;
        report.row(
            container,
            count + " pending, " + kind.name().toLowerCase(Locale.ROOT) + beside,
            Figure.of("watcher", percent, "% of a core").atMost(PERCENT),
            Figure.of("last told after", millis, "ms"));
      } finally {
        crowd.destroyForcibly().waitFor();
      }
    }
  }
}
