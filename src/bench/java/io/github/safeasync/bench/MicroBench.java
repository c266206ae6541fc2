package io.github.safeasync.bench;

import io.github.safeasync.internal.body.OutboxTurn;
import io.github.safeasync.internal.detect.TableScan;
import io.github.safeasync.internal.exchange.LifecycleSteps;
import io.github.safeasync.testkit.Container;
import java.util.HashMap;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * The smallest pieces alone, by JMH: time and allocation of one call, the guarded beside the raw.
 */
final class MicroBench {

  private static final double TABLE_MEGABYTES = 200;

  /** A scan opens a file; its rows allocate nothing. */
  private static final double TABLE_BYTES = 1_024;

  private static final int MILLIS = 500;

  private final Map<String, RunResult> results = new HashMap<>();
  private final Report report;

  private MicroBench(Report report) {
    this.report = report;
  }

  /**
   * Runs all of them.
   *
   * @param iterations of half a second each, after half as many that warm up
   */
  static void run(Report report, int iterations) throws RunnerException {
    MicroBench bench = new MicroBench(report);
    bench.measure(LifecycleSteps.class, iterations);
    bench.measure(OutboxTurn.class, iterations);
    bench.measure(TableScan.class, iterations);
    bench.row("lifecycle: one call in and out", "enterAndExit");
    bench.row("lifecycle: a whole request", "wholeLife");
    bench.row("outbox: 64 bytes put in and drained", "writeAndFlush");
    report.row(
        "–",
        "/proc/net/tcp of 20,000 rows, read and searched",
        Figure.of("read", TableScan.BYTES / bench.nanos("scan") * 1e3, "MB/s")
            .atLeast(TABLE_MEGABYTES),
        Figure.of("a scan allocates", bench.bytes("scan"), "bytes").atMost(TABLE_BYTES));
    for (Container container : Container.available()) {
      bench.measure(GuardedCalls.class, iterations, container.name());
      bench.row("guard(callback), and run", "guard", container);
      bench.pair("getHeader", "GetHeader", container);
      bench.pair("write of 64 bytes", "Write", container);
    }
  }

  private void measure(Class<?> type, int iterations, String... container) throws RunnerException {
    var options =
        new OptionsBuilder()
            .include(type.getName() + "\\.")
            .forks(1)
            .warmupIterations((iterations + 1) / 2)
            .warmupTime(TimeValue.milliseconds(MILLIS))
            .measurementIterations(iterations)
            .measurementTime(TimeValue.milliseconds(MILLIS))
            .addProfiler(GCProfiler.class);
    if (container.length > 0) {
      options.param("container", container);
    }
    for (RunResult each : new Runner(options.build()).run()) {
      results.put(each.getPrimaryResult().getLabel(), each);
    }
  }

  private void row(String what, String label) {
    row(what, label, "–");
  }

  private void row(String what, String label, Object on) {
    report.row(
        on,
        what,
        Figure.of("takes", nanos(label), "ns"),
        Figure.of("allocates", bytes(label), "bytes"));
  }

  private void pair(String what, String label, Object on) {
    report.row(
        on,
        "guarded " + what + " beside the raw",
        Figure.of("raw", nanos("raw" + label), "ns"),
        Figure.of("guarded", nanos("guarded" + label), "ns"),
        Figure.of("raw", bytes("raw" + label), "bytes"),
        Figure.of("guarded", bytes("guarded" + label), "bytes"));
  }

  private double nanos(String label) {
    return results.get(label).getPrimaryResult().getScore();
  }

  private double bytes(String label) {
    return results.get(label).getSecondaryResults().get("gc.alloc.rate.norm").getScore();
  }
}
