package io.github.safeasync.bench;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.LogManager;

/**
 * Clients that never read, each sent 100 MiB: how much of the heap they pin, whether fast clients
 * beside them keep their throughput, and whether all of them end by the write timeout. Rounds with
 * and without them alternate, and the medians are compared.
 */
public final class NeverReadingBench {

  private static final int CLIENTS = Integer.getInteger("clients", 500);
  private static final long MARK = Long.getLong("mark", 256 * 1024);
  private static final int WRITE_TIMEOUT_SECONDS = 15;
  private static final int ROUNDS = Integer.getInteger("rounds", 7);
  private static final int SECONDS = 5;
  private static final int SETTLE_MILLIS = 4_000;
  private static final int BODY = 100 << 20;
  private static final int CHUNK = 32 * 1024;

  private static final AtomicInteger STALLED = new AtomicInteger();
  private static final AtomicInteger OTHER = new AtomicInteger();

  private NeverReadingBench() {}

  /** Runs on every container of the class path. */
  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    for (Container container : Container.available()) {
      run(container);
    }
    System.exit(0);
  }

  private static void run(Container container) throws Exception {
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
      double[] alone = new double[ROUNDS];
      double[] beside = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        alone[round] = quick(server, SECONDS);
        long heapBefore = heap();
        STALLED.set(0);
        OTHER.set(0);
        List<RawClient> clients = neverReading(server);
        Thread.sleep(SETTLE_MILLIS);
        beside[round] = quick(server, SECONDS);
        if (round == ROUNDS - 1) {
          long pinned = heap() - heapBefore;
          awaitEnds();
          report(container, pinned, median(alone), median(beside));
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

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static void report(Container container, long pinned, double alone, double beside) {
    System.out.printf(
        "%-11s heap %d MiB for %d clients (%d allowed)   threads %d   quick %.0f/s alone, %.0f/s"
            + " beside (%.2f)   ended by write-timeout %d, otherwise %d%n",
        container,
        pinned >> 20,
        CLIENTS,
        (CLIENTS * MARK >> 20) + 64,
        ManagementFactory.getThreadMXBean().getThreadCount(),
        alone,
        beside,
        beside / alone,
        STALLED.get(),
        OTHER.get());
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Answers how many requests a second one client is served. */
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
    response.onWritable(
        new Runnable() {
          private int left = BODY / CHUNK;

          @Override
          public void run() {
            while (response.isWritable()) {
              if (left-- == 0) {
                response.finish();
                return;
              }
              response.writeOwned(ByteBuffer.allocate(CHUNK));
            }
            response.onWritable(this);
          }
        });
  }
}
