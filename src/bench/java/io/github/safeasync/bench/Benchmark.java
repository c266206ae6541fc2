package io.github.safeasync.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.LogManager;
import java.util.stream.Collectors;

/** What can be measured; the program that a process of its own runs. */
public enum Benchmark {
  /** How soon a hang-up is noticed. */
  DETECTION(1_000, 300, DetectionBenchmark::run),
  /** What requests that are answered at once pay. */
  OVERHEAD(11, 9, OverheadBench::run),
  /** What the first of them pay. */
  COLD_START(5, 3, ColdStartBench::run),
  /** What the filter costs a synchronous request inside the chain. */
  SYNCHRONOUS(20_000, 5_000, SynchronousBench::run),
  /** The smallest pieces alone. */
  MICRO(10, 4, MicroBench::run),
  /** Many that wait, and leave at once. */
  PENDING(10_000, 10_000, PendingBenchmark::run),
  /** Many that wait, of which the server does not read what they send. */
  WATCHING(10_000, 0, WatchingBench::run),
  /** A large stream, and many events. */
  STREAMS(9, 5, StreamBench::run),
  /** A client beside many that never read. */
  NEVER_READING(7, 3, NeverReadingBench::run),
  /** A wrapped data source. */
  JDBC(50_000, 20_000, JdbcBench::run),
  /** What is computed for clients that have gone. */
  WASTED_WORK(200, 200, WastedWorkBench::run),
  /** The same in an application of Spring Boot. */
  WASTED_WORK_BOOT(200, 0, BootWastedWorkBench::run);

  private interface Work {
    void into(Report report, int count) throws Exception;
  }

  private final int count;
  private final int shortCount;
  private final Work work;

  Benchmark(int count, int shortCount, Work work) {
    this.count = count;
    this.shortCount = shortCount;
    this.work = work;
  }

  /** Returns the one of that name. */
  static Optional<Benchmark> named(String name) {
    return Arrays.stream(values()).filter(each -> each.toString().equals(name)).findFirst();
  }

  static String names() {
    return Arrays.stream(values()).map(Benchmark::toString).collect(Collectors.joining(", "));
  }

  int count() {
    return count;
  }

  int shortCount() {
    return shortCount;
  }

  boolean isInReport() {
    return shortCount > 0;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Measures and leaves the rows in a file.
   *
   * @param arguments the name, the count and the file
   */
  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    Path file = Path.of(arguments[2]);
    if (arguments[0].equals("machine")) {
      Files.writeString(file, Machine.describe());
    } else {
      Report report = new Report(arguments[0]);
      try {
        named(arguments[0]).orElseThrow().work.into(report, Integer.parseInt(arguments[1]));
      } catch (Throwable e) {
        e.printStackTrace();
        report.missing("–", "the rest", "failed: " + e + ", see its log");
      }
      report.save(file);
    }
    System.exit(0); // The containers' clients have threads that nobody ends.
  }
}
