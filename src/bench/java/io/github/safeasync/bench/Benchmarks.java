package io.github.safeasync.bench;

import java.util.logging.Level;
import java.util.logging.Logger;

/** Runs one benchmark: {@code mvn -q -Pbench -Dbench=NAME [-Dcount=1000]}. */
public final class Benchmarks {

  /** Kept, as java.util.logging holds loggers, and so their levels, weakly. */
  private static final Logger ROOT = Logger.getLogger("");

  private Benchmarks() {}

  /**
   * Runs it and prints its table.
   *
   * @param arguments the benchmark's name, and optionally how many requests
   */
  public static void main(String[] arguments) throws Exception {
    ROOT.setLevel(Level.WARNING);
    String name = arguments.length > 0 ? arguments[0] : "";
    int count = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    switch (name) {
      case "detection" -> DetectionBenchmark.run(count > 0 ? count : 1_000);
      case "pending" -> PendingBenchmark.run(count > 0 ? count : 10_000);
      case "streams" -> StreamBench.main(new String[0]);
      case "synchronous" -> SynchronousBench.run(count > 0 ? count : 20_000);
      case "never-reading" -> NeverReadingBench.main(new String[0]);
      case "jdbc" -> JdbcBench.run(count > 0 ? count : 50_000);
      case "wasted-work-boot" ->
          BootWastedWorkBench.run(count > 0 ? count : WastedWorkBench.CLIENTS);
      case "wasted-work" -> WastedWorkBench.main(new String[0]);
      default -> {
        System.err.println(
            "-Dbench must be detection, pending, streams, synchronous, never-reading, jdbc,"
                + " wasted-work or wasted-work-boot, not \""
                + name
                + "\"");
        System.exit(2);
      }
    }
    System.exit(0); // The containers' clients have threads that nobody ends.
  }
}
