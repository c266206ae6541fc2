package io.github.safeasync.bench;

import io.github.safeasync.Polls;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.BareRequests;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * How long after the client's close() the detector notices, and the application's onDisconnect is
 * told, with requests that have outlived the grace period.
 *
 * <p>Requests are opened in waves and closed one by one, each after the one before was noticed, and
 * {@code -Dpace} milliseconds after it. The text table has a tenth of a core for what is urgent:
 * without a pace it is that share that is measured. {@code -Dtransports}, {@code -Dkinds} and
 * {@code -Dtriggers} take some of the rows, see {@link HangUp}; {@code -Dsafeasync.containers} some
 * containers.
 *
 * <p>Polling is slow by design, so that its rows have a tenth of the hang-ups. Its interval is of
 * its own choice, and is measured too: the time that passed, by the looks at each connection that
 * stood. Without a pace every hang-up comes just after a look, which is the worst moment.
 */
final class DetectionBenchmark {

  private static final int WAVE = 50;
  private static final int WARM_UP = 300;
  private static final int POLLED_SHARE = 10;

  /** From the client's close() to onDisconnect: in half of all cases, and in 99 of a hundred. */
  private static final double HALF_MILLIS = 0.3;

  private static final double MOST_MILLIS = 3;
  private static final double NATIVE_MOST_MILLIS = 1;

  /** Uses up what the budget for scans has saved for the first moments. */
  private static final int POLLED_WARM_UP = 10;

  /** Who stay: the looks at one that is missing, which come at once, are no measure. */
  private static final int BYSTANDERS = 50;

  /** Between two hang-ups; without it they come as fast as they are noticed. */
  private static final long PACE_NANOS = 1_000_000 * Long.getLong("pace", 0);

  private final BlockingQueue<Pending> taken = new LinkedBlockingQueue<>();
  private final HangUp row;
  private final int count;
  private final Samples noticed;
  private final Samples told;
  private final TreeMap<String, Integer> bases = new TreeMap<>();
  private volatile LongSupplier polls;
  private boolean measuring;
  private long measuredNanos;
  private double looksAtEach;

  private DetectionBenchmark(HangUp row, int count) {
    this.row = row;
    this.count = row.isPolled() ? Math.max(1, count / POLLED_SHARE) : count;
    this.noticed = new Samples(this.count);
    this.told = new Samples(this.count);
  }

  static void run(Report report, int count) throws Exception {
    GoServer.measure(report, count);
    for (Container container : Container.available()) {
      for (HangUp row : HangUp.chosen()) {
        DetectionBenchmark benchmark = new DetectionBenchmark(row, count);
        benchmark.measure(container);
        benchmark.addTo(report, container);
      }
    }
  }

  private void measure(Container container) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    try (TestServer server =
        container.start(
            row.transport(),
            app ->
                hide(app)
                    .filter(SafeAsyncFilter.create(config))
                    .handler("/take", this::take)
                    .handler("/plain", (in, out) -> out.getWriter().write("plain")))) {
      hangUpAll(server, config, Math.min(row.isPolled() ? POLLED_WARM_UP : WARM_UP, count));
      measuring = true;
      hangUpAll(server, config, count);
    }
  }

  private void hangUpAll(TestServer server, SafeAsyncConfig config, int all) throws Exception {
    int left = all;
    while (left > 0) {
      int wave = Math.min(WAVE, left);
      wave(server, config, wave);
      left -= wave;
    }
  }

  private TestApplication hide(TestApplication app) {
    if (row.isPolled()) {
      BareRequests.precede(app);
    }
    return app;
  }

  private void take(HttpServletRequest in, HttpServletResponse out) {
    polls = Polls.of(in);
    taken.add(new Pending(SafeAsyncResponse.of(in)));
  }

  private void wave(TestServer server, SafeAsyncConfig config, int size) throws Exception {
    List<HangUp.Line> lines = new ArrayList<>();
    List<Pending> pending = new ArrayList<>();
    long looksBefore = polls == null ? 0 : polls.getAsLong();
    int all = size + (row.isPolled() ? BYSTANDERS : 0);
    for (int i = 0; i < all; i++) {
      lines.add(row.open(server));
      pending.add(taken.poll(10, TimeUnit.SECONDS));
    }
    LockSupport.parkNanos(2 * config.detectAfter().toNanos());
    // A connection that the table has never shown cannot be missed in it.
    while (row.isPolled() && polls.getAsLong() - looksBefore < all) {
      LockSupport.parkNanos(1_000_000);
    }
    for (int i = 0; i < size; i++) {
      long before = polls.getAsLong();
      long start = System.nanoTime();
      hangUp(lines.get(i), pending.get(i));
      if (measuring) {
        measuredNanos += System.nanoTime() - start;
        looksAtEach += (double) (polls.getAsLong() - before) / (all - i);
      }
    }
    for (HangUp.Line line : lines) {
      line.close();
    }
  }

  private void hangUp(HangUp.Line line, Pending pending) throws Exception {
    LockSupport.parkNanos(PACE_NANOS);
    Instant closedAt = Instant.now();
    long start = System.nanoTime();
    line.hangUp();
    if (pending.await() && measuring) {
      told.add(pending.toldAt() - start);
      noticed.add(Duration.between(closedAt, pending.noticedAt()).toNanos());
      bases.merge(pending.basis(), 1, Integer::sum);
    }
  }

  private void addTo(Report report, Container container) {
    List<Figure> figures = new ArrayList<>();
    figures.add(Figure.of("told", 100.0 * told.size() / count, "%").atLeast(100));
    Figure half = Figure.of("p50", told.at(0.5) / 1e6, "ms");
    Figure most = Figure.of("p99", told.at(0.99) / 1e6, "ms");
    figures.add(row.isPolled() ? half : half.atMost(HALF_MILLIS));
    figures.add(row.isPolled() ? most : most.atMost(mostMillis()));
    figures.add(Figure.of("noticed p50", noticed.at(0.5) / 1e6, "ms"));
    if (row.isPolled()) {
      figures.add(Figure.of("polled every", measuredNanos / looksAtEach / 1e6, "ms"));
    }
    report.rowOrElse(
        "shown by " + bases,
        container,
        row.kind() + " on " + row.transport() + (row.isPolled() ? ", polled" : ""),
        figures.toArray(new Figure[0]));
  }

  private static double mostMillis() {
    return Machine.isNativeAccessible() ? NATIVE_MOST_MILLIS : MOST_MILLIS;
  }
}
