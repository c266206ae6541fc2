package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.catalina.connector.Connector;
import org.junit.jupiter.params.ParameterizedTest;

/** Every record whole, in each thread's order, nothing lost (G1, G3). */
class StreamIT {

  private static final int THREADS = 8;
  private static final int RECORDS = Integer.getInteger("safeasync.records", 200);
  private static final int STREAMS = Integer.getInteger("safeasync.streams", Tries.of(1000));
  private static final int LARGEST = 20_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void write_from8Threads_arrivesWholeAndInOrder(Container container, Transport transport)
      throws Exception {
    ExecutorService writers = Threads.started(THREADS);
    try (Logs logs = Logs.capture();
        TestServer server =
            serve(
                container,
                transport,
                (in, out) ->
                    writeRecords(List.of(SafeAsyncResponse.of(in)), writers, THREADS, RECORDS));
        Crowd client = new Crowd(server)) {
      client.open(0);
      new Records(client.body(0)).assertAll(THREADS, RECORDS);
      logs.assertQuiet();
    } finally {
      writers.shutdownNow();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C, Transport.H2})
  void write_toManyOpenStreams_arrivesWholeAndInOrder(Container container, Transport transport)
      throws Exception {
    ExecutorService writers = Threads.started(2);
    ExecutorService clients = Threads.started(THREADS);
    BlockingQueue<SafeAsyncResponse> open = new LinkedBlockingQueue<>();
    try (Logs logs = Logs.capture();
        TestServer server =
            serve(container, transport, (in, out) -> open.add(SafeAsyncResponse.of(in)));
        Crowd crowd = new Crowd(server)) {
      inParallel(clients, STREAMS, crowd::open);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(open)
                      .as("streams that came; the log: %s", logs.aboveInfo())
                      .hasSize(STREAMS));
      writeRecords(List.copyOf(open), writers, 2, 20);
      inParallel(clients, STREAMS, stream -> new Records(crowd.body(stream)).assertAll(2, 20));
      logs.assertQuiet();
    } finally {
      writers.shutdownNow();
      clients.shutdownNow();
    }
  }

  /** What to do with the stream of a number. */
  private interface Step {
    void with(int stream) throws Exception;
  }

  private static void inParallel(ExecutorService clients, int count, Step step) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int stream = i;
      all.add(
          clients.submit(
              () -> {
                step.with(stream);
                return null;
              }));
    }
    for (Future<?> each : all) {
      each.get();
    }
  }

  /** The client's side of many streams at once: a connection for each, or for 50 on HTTP/2. */
  private static final class Crowd implements AutoCloseable {

    private static final int PER_CONNECTION = 50;

    private final TestServer server;
    private final Map<Integer, RawClient> plain = new ConcurrentHashMap<>();
    private final Map<Integer, Http2Client> connections = new ConcurrentHashMap<>();
    private final Map<Integer, Http2Exchange> streams = new ConcurrentHashMap<>();

    Crowd(TestServer server) {
      this.server = server;
    }

    void open(int stream) throws Exception {
      if (server.transport().isHttp2()) {
        Http2Client connection =
            connections.computeIfAbsent(stream / PER_CONNECTION, number -> connect());
        streams.put(stream, connection.get("/"));
      } else {
        RawClient client = RawClient.connect(server).readTimeout(PATIENCE);
        plain.put(stream, client);
        client.get("/");
      }
    }

    private Http2Client connect() {
      try {
        return Http2Client.connect(server);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }

    byte[] body(int stream) throws Exception {
      return server.transport().isHttp2()
          ? bodyOf(streams.get(stream))
          : bodyOf(plain.get(stream).readResponse());
    }

    @Override
    public void close() throws Exception {
      for (RawClient client : plain.values()) {
        client.close();
      }
      connections.values().forEach(Http2Client::close);
    }
  }

  private static TestServer serve(Container container, Transport transport, Handler handler)
      throws Exception {
    SafeAsyncFilter filter =
        SafeAsyncFilter.create(
            SafeAsyncConfig.builder().timeout(PATIENCE).pendingLimit(Long.MAX_VALUE / 2).build());
    return container.start(
        transport,
        app ->
            app.filter(filter)
                .handler("/*", handler)
                .customize(Connector.class, StreamIT::readByOneThread));
  }

  /** Tomcat may close a connection of many streams otherwise, see ContainerFaultsIT. */
  private static void readByOneThread(Connector tomcat) {
    tomcat.setProperty("useAsyncIO", "false");
  }

  /** Each thread writes its records, each of them to all responses. */
  private static void writeRecords(
      List<SafeAsyncResponse> responses, ExecutorService writers, int threads, int records) {
    AtomicInteger running = new AtomicInteger(threads);
    for (SafeAsyncResponse response : responses) {
      response.contentType("application/octet-stream");
    }
    for (int thread = 0; thread < threads; thread++) {
      int writer = thread;
      writers.execute(
          () -> {
            SplittableRandom random = new SplittableRandom(writer);
            for (int i = 0; i < records; i++) {
              for (SafeAsyncResponse response : responses) {
                writeRecord(response, random, writer, i);
              }
            }
            if (running.decrementAndGet() == 0) {
              responses.forEach(SafeAsyncResponse::finish);
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

  private static byte[] bodyOf(RawResponse response) {
    assertThat(response.isComplete()).isTrue();
    return response.bodyBytes();
  }

  private static byte[] bodyOf(Http2Exchange exchange) throws Exception {
    assertThat(exchange.awaitStatus()).isEqualTo(200);
    assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
    return exchange.bodyBytes();
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
