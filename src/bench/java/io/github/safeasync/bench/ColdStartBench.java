package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

/**
 * What the first requests of a server pay: each round is a JVM of its own without the filter and
 * one with it, while who asks is warm.
 */
public final class ColdStartBench {

  private static final int REQUESTS = 20_000;
  private static final int CONNECTIONS = 64;
  private static final long PATIENCE_MILLIS = 60_000;
  private static final double LEAST = 0.9;

  private ColdStartBench() {}

  static void run(Report report, int rounds) throws Exception {
    try (Load load = new Load()) {
      for (Container container : Container.available()) {
        cold(load, container, false);
        double[] ratios = new double[rounds];
        double[] rates = new double[rounds];
        for (int round = 0; round < rounds; round++) {
          double raw = cold(load, container, false);
          rates[round] = cold(load, container, true);
          ratios[round] = rates[round] / raw;
        }
        report.row(
            container,
            "the first " + REQUESTS + " requests, transparent beside raw",
            Figure.of("speed", Samples.median(ratios), "×").atLeast(LEAST),
            Figure.of("at", Samples.median(rates), "requests/s"));
      }
    }
  }

  private static double cold(Load load, Container container, boolean filtered) throws IOException {
    Process server =
        new ProcessBuilder(
                Machine.java(),
                "-cp",
                System.getProperty("java.class.path"),
                ColdStartBench.class.getName(),
                container.name(),
                Boolean.toString(filtered))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = server.inputReader(StandardCharsets.US_ASCII)) {
      int port = Integer.parseInt(said.readLine());
      return load.run(port, "/hello", CONNECTIONS, PATIENCE_MILLIS, REQUESTS).rate();
    } finally {
      server.destroyForcibly();
    }
  }

  /**
   * The server.
   *
   * @param arguments the container, and whether the filter is mapped
   */
  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    boolean filtered = Boolean.parseBoolean(arguments[1]);
    TestServer server =
        Container.valueOf(arguments[0])
            .start(
                app -> {
                  app.customize(Object.class, OverheadBench.keepingAlive());
                  if (filtered) {
                    app.filter(SafeAsyncFilter.create(SafeAsyncConfig.defaults()));
                  }
                  app.handler("/hello", OverheadBench::asynchronous);
                });
    System.out.println(server.port());
    System.in.read();
    server.close();
  }
}
