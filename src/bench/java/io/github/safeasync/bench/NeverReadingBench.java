package io.github.safeasync.bench;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Outpour;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that never read, each sent 100 MiB: how much of the heap they pin, whether fast clients
 * beside them keep their throughput, and whether all of them end by the write timeout. Rounds with
 * and without them alternate, and the medians are compared.
 */
final class NeverReadingBench {

  private static final double LEAST = 0.97;
  private static final int CLIENTS = Integer.getInteger("clients", 500);
  private static final long MARK = Long.getLong("mark", 256 * 1024);
  private static final int WRITE_TIMEOUT_SECONDS = 15;
  private static final int SECONDS = 5;
  private static final int SETTLE_MILLIS = 4_000;
  private static final int BODY = 100 << 20;
  private static final int CHUNK = 32 * 1024;

  private static final AtomicInteger STALLED = new AtomicInteger();
  private static final AtomicInteger OTHER = new AtomicInteger();

  private NeverReadingBench() {}

  /** Runs on every container of the class path. */
  static void run(Report report, int rounds) throws Exception {
    for (Container container : Container.available()) {
      run(report, container, rounds);
    }
  }

  private static void run(Report report, Container container, int rounds) throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ZERO)
            .maxPendingBytes(MARK)
            .writeTimeout(Duration.ofSeconds(WRITE_TIMEOUT_SECONDS))
            .build();
    try (TestServer server =
        container.start(
            app ->
                app.filter(SafeAsyncFilter.create(config))
                    .handler("/quick", (in, out) -> SafeAsyncResponse.of(in).finish("quick"))
                    .handler("/endless", (in, out) -> endless(SafeAsyncResponse.of(in))))) {
      quick(server, 2 * SECONDS);
      double[] alone = new double[rounds];
      double[] beside = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        alone[round] = quick(server, SECONDS);
        long heapBefore = heap();
        STALLED.set(0);
        OTHER.set(0);
        List<RawClient> clients = neverReading(server);
        Thread.sleep(SETTLE_MILLIS);
        beside[round] = quick(server, SECONDS);
        if (round == rounds - 1) {
          long pinned = heap() - heapBefore;
          awaitEnds();
          add(report, container, pinned, Samples.median(alone), Samples.median(beside));
        }
        for (RawClient client : clients) {
          client.close();
        }
        awaitEnds();
      }
    }
  }

  private static List<RawClient> neverReading(TestServer server) throws IOException {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      RawClient client = RawClient.connect(server, socket -> socket.setReceiveBufferSize(4096));
      clients.add(client.get("/endless"));
    }
    return clients;
  }

  private static void awaitEnds() throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (STALLED.get() + OTHER.get() < CLIENTS && System.nanoTime() < deadline) {
      Thread.sleep(100);
    }
  }

  private static void add(
      Report report, Container container, long pinned, double alone, double beside) {
    report.row(
        container,
        CLIENTS + " clients never read",
        Figure.of("one beside them", beside / alone, "×").atLeast(LEAST),
        Figure.of("heap", pinned >> 20, "MiB").atMost((CLIENTS * MARK >> 20) + 64),
        Figure.of("let go", STALLED.get(), "").atLeast(CLIENTS));
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Returns how many requests a second one client is served. */
  private static double quick(TestServer server, int seconds) throws IOException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    int served = 0;
    while (System.nanoTime() < end) {
      try (RawClient client = RawClient.connect(server)) {
        // Tomcat closes a connection after 100 requests.
        for (int i = 0; i < 100; i++) {
          client.get("/quick").readResponse();
          served++;
        }
      }
    }
    return served / (double) seconds;
  }

  private static boolean isStalled(End end) {
    return end.cause().filter(SlowClientException.class::isInstance).isPresent();
  }

  private static void endless(SafeAsyncResponse response) {
    response.onEnd(end -> (isStalled(end) ? STALLED : OTHER).incrementAndGet());
    Outpour.pieces(response, BODY / CHUNK, () -> response.writeOwned(ByteBuffer.allocate(CHUNK)));
  }
}
