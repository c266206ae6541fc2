package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;

/** Every record whole, in each thread's order, nothing lost (G1, G3). */
class StreamIT {

  private static final int THREADS = 8;
  private static final int RECORDS = Integer.getInteger("safeasync.records", 200);
  private static final int STREAMS = Integer.getInteger("safeasync.streams", 40);
  private static final int LARGEST = 20_000;

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void write_from8Threads_arrivesWholeAndInOrder(Container container, Transport transport)
      throws Exception {
    ExecutorService writers = Threads.started(THREADS);
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, writers, THREADS, RECORDS)) {
      new Records(get(server, "/")).assertAll(THREADS, RECORDS);
      logs.assertQuiet();
    } finally {
      writers.shutdownNow();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void write_toManyStreamsAtOnce_arrivesWholeAndInOrder(Container container, Transport transport)
      throws Exception {
    ExecutorService writers = Threads.started(THREADS);
    ExecutorService clients = Threads.started(Math.min(STREAMS, 200));
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, writers, 2, 20)) {
      List<Future<byte[]>> bodies = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        bodies.add(clients.submit(() -> get(server, "/")));
      }
      for (Future<byte[]> body : bodies) {
        new Records(body.get()).assertAll(2, 20);
      }
      logs.assertQuiet();
    } finally {
      writers.shutdownNow();
      clients.shutdownNow();
    }
  }

  private static TestServer serve(
      Container container, Transport transport, ExecutorService writers, int threads, int records)
      throws Exception {
    SafeAsyncFilter filter =
        SafeAsyncFilter.create(
            SafeAsyncConfig.builder()
                .timeout(Duration.ofSeconds(60))
                .pendingLimit(Long.MAX_VALUE / 2)
                .build());
    return container.start(
        transport,
        app ->
            app.filter(filter)
                .handler(
                    "/*",
                    (request, response) ->
                        writeRecords(SafeAsyncResponse.of(request), writers, threads, records)));
  }

  private static void writeRecords(
      SafeAsyncResponse response, ExecutorService writers, int threads, int records) {
    response.contentType("application/octet-stream");
    AtomicInteger running = new AtomicInteger(threads);
    for (int thread = 0; thread < threads; thread++) {
      int writer = thread;
      writers.execute(
          () -> {
            SplittableRandom random = new SplittableRandom(writer);
            for (int i = 0; i < records; i++) {
              writeRecord(response, random, writer, i);
            }
            if (running.decrementAndGet() == 0) {
              response.finish();
            }
          });
    }
  }

  private static void writeRecord(
      SafeAsyncResponse response, SplittableRandom random, int writer, int number) {
    int length = random.nextInt(8) == 0 ? random.nextInt(LARGEST) : random.nextInt(100);
    ByteBuffer bytes =
        random.nextBoolean()
            ? ByteBuffer.allocate(12 + length)
            : ByteBuffer.allocateDirect(12 + length);
    bytes.putInt(writer).putInt(number).putInt(length);
    while (bytes.hasRemaining()) {
      bytes.put((byte) (writer * 31 + number));
    }
    bytes.flip();
    switch (random.nextInt(4)) {
      case 0 -> response.write(bytes);
      case 1 -> response.writeAndFlush(bytes);
      default -> response.writeOwned(bytes);
    }
    if (random.nextInt(10) == 0) {
      response.flush();
    }
  }

  private static byte[] get(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        Http2Exchange exchange = client.get(path);
        assertThat(exchange.awaitStatus()).isEqualTo(200);
        assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
        return exchange.bodyBytes();
      }
    }
    try (RawClient client = RawClient.connect(server)) {
      RawResponse response = client.get(path).readResponse();
      assertThat(response.isComplete()).isTrue();
      return response.bodyBytes();
    }
  }

  /** The records of a body, as they came. */
  private static final class Records {

    private final ByteBuffer body;

    Records(byte[] body) {
      this.body = ByteBuffer.wrap(body);
    }

    void assertAll(int threads, int records) {
      int[] next = new int[threads];
      while (body.hasRemaining()) {
        int at = body.position();
        int writer = body.getInt();
        int number = body.getInt();
        int length = body.getInt();
        assertThat(writer).as("the writer of the record at %d", at).isBetween(0, threads - 1);
        assertThat(number).as("the number of the record at %d", at).isEqualTo(next[writer]++);
        for (int i = 0; i < length; i++) {
          if (body.get() != (byte) (writer * 31 + number)) {
            throw new AssertionError("A foreign byte in the record at " + at);
          }
        }
      }
      assertThat(next).containsOnly(records);
    }
  }
}
