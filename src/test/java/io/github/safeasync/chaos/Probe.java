package io.github.safeasync.chaos;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A client with a connection of its own, who is answered at once, whatever happens beside. */
final class Probe extends Thread implements AutoCloseable {

  static final String FAST = "fast";

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final TestServer server;
  private final Ledger ledger;
  private volatile boolean ends;
  private int answers;
  private long slowest;

  private Probe(TestServer server, Ledger ledger) {
    super("probe");
    this.server = server;
    this.ledger = ledger;
  }

  static Probe start(TestServer server, Ledger ledger) {
    Probe probe = new Probe(server, ledger);
    probe.start();
    return probe;
  }

  @Override
  public void run() {
    do {
      long asked = System.nanoTime();
      try {
        String answer = server.transport().isHttp2() ? overHttp2() : overHttp1();
        if (!answer.equals(FAST)) {
          ledger.found(Fault.NO_ANSWER, "/fast: " + answer);
        }
      } catch (Exception failure) {
        ledger.found(Fault.NO_ANSWER, "/fast: " + failure);
      }
      answers++;
      slowest = Math.max(slowest, System.nanoTime() - asked);
      LockSupport.parkNanos(PAUSE_NANOS);
    } while (!ends);
  }

  private String overHttp1() throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      return client.get("/fast").readResponse().body();
    }
  }

  private String overHttp2() throws Exception {
    try (Http2Client client = Http2Client.connect(server)) {
      return client.get("/fast").awaitBody();
    }
  }

  @Override
  public void close() throws InterruptedException {
    ends = true;
    join();
  }

  @Override
  public String toString() {
    return String.format("%s %,d times, slowest %d ms", "/fast", answers, slowest / 1_000_000);
  }
}
