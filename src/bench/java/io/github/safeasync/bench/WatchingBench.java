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

/** What of a core the watcher takes while many wait, by what their clients send meanwhile. */
final class WatchingBench {

  private static final int FEW = 100;

  /** Until the first looks, which are not put off, are over. */
  private static final long SETTLING_SECONDS = 3;

  private static final long SECONDS = 15;
  private static final double PERCENT = 1;

  /** Tomcat takes 8192 unless told otherwise. */
  static final String CONNECTIONS = "100000";

  private WatchingBench() {}

  static void run(Report report, int count) throws Exception {
    for (Container container : Container.available()) {
      for (Crowd.Kind kind : kinds()) {
        add(report, container, kind, Math.min(FEW, count));
        if (count > FEW) {
          add(report, container, kind, count);
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

  private static void add(Report report, Container container, Crowd.Kind kind, int count)
      throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    CountDownLatch taken = new CountDownLatch(count);
    try (TestServer server =
        container.start(
            app ->
                app.customize(Object.class, TomcatConnector.with("maxConnections", CONNECTIONS))
                    .filter(SafeAsyncFilter.create(config))
                    .handler(
                        "/take",
                        (in, out) -> {
                          SafeAsyncResponse.of(in);
                          taken.countDown();
                        }))) {
      Process crowd = Crowd.start(server.port(), count, kind);
      try {
        if (!taken.await(120, TimeUnit.SECONDS)) {
          throw new IOException(taken.getCount() + " requests did not come; see ulimit -n");
        }
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(SETTLING_SECONDS));
        report.row(
            container,
            count + " pending, " + kind.name().toLowerCase(Locale.ROOT),
            Figure.of("watcher", WatcherCpu.percentDuring(SECONDS), "% of a core").atMost(PERCENT));
      } finally {
        crowd.destroyForcibly().waitFor();
      }
    }
  }
}
