package io.github.safeasync.bench;

import io.github.safeasync.testkit.RawClient;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The server of Go's own library, for comparison: a program of net/http that waits for its
 * request's context, built by {@code go} if that is installed (Debian's package golang-go).
 */
final class GoServer implements AutoCloseable {

  private static final String SOURCE = "src/bench/go/server.go";
  private static final int WARM_UP = 100;

  /** As long as a request of ours has waited before it is hung up on. */
  private static final long SETTLE_NANOS = 2_000_000;

  private final Process process;
  private final BufferedReader said;
  private final int port;

  private GoServer(Path program) throws IOException {
    this.process = new ProcessBuilder(program.toString()).start();
    this.said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    this.port = Integer.parseInt(said.readLine());
  }

  /** Adds its rows, or why there are none. */
  static void measure(Report report, int count) throws Exception {
    String row = "FIN on PLAIN";
    Path program = Path.of("target", "bench", "go-server");
    String why = build(program);
    if (!why.isEmpty()) {
      report.missing("Go net/http", row, why);
      return;
    }
    try (GoServer server = new GoServer(program)) {
      report.row("Go net/http", row, server.hangUps(count, RawClient::closeAbrupt));
      report.row("Go net/http", "RST on PLAIN", server.hangUps(count, RawClient::closeRst));
    }
  }

  /** Returns why it could not be built. */
  private static String build(Path program) throws InterruptedException {
    try {
      Process go =
          new ProcessBuilder("go", "build", "-o", program.toString(), SOURCE)
              .redirectErrorStream(true)
              .redirectOutput(new File("target/bench/go.log"))
              .start();
      return go.waitFor(2, TimeUnit.MINUTES) && go.exitValue() == 0
          ? ""
          : "go could not build it, see target/bench/go.log";
    } catch (IOException e) {
      return "go is not installed (Debian: apt-get install golang-go)";
    }
  }

  private interface Way {
    void of(RawClient client) throws IOException;
  }

  private Figure[] hangUps(int count, Way way) throws IOException {
    Samples told = new Samples(count);
    for (int i = -WARM_UP; i < count; i++) {
      RawClient client = RawClient.connect(port).get("/take");
      said.readLine();
      LockSupport.parkNanos(SETTLE_NANOS);
      Instant closedAt = Instant.now();
      way.of(client);
      Instant noticedAt = Instant.EPOCH.plusNanos(Long.parseLong(said.readLine()));
      if (i >= 0) {
        told.add(ChronoUnit.NANOS.between(closedAt, noticedAt));
      }
    }
    return new Figure[] {
      Figure.of("p50", told.at(0.5) / 1e6, "ms"), Figure.of("p99", told.at(0.99) / 1e6, "ms")
    };
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
