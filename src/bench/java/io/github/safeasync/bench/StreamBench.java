package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;

/**
 * Throughput of the library over that of a hand-written WriteListener servlet on the same
 * container: one large stream, and many small events that are each flushed. Runs of the two
 * alternate; the ratio is that of the medians, more than 1 if the library is faster. {@code
 * -Dcount} says how many, {@code -Dbytes} and {@code -Devents} how much, {@code -Dnoevents=true}
 * leaves the events out; {@code MAVEN_OPTS} passes them on.
 */
final class StreamBench {

  private static final double LEAST = 0.97;

  /** Until the compiler, which takes one of two cores, is through with what is run. */
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  private static final long STREAM = Long.getLong("bytes", 1L << 30);
  private static final int EVENTS = Integer.getInteger("events", 1_000_000);
  private static final byte[] CHUNK = new byte[32 * 1024];
  private static final byte[] EVENT =
      "event: tick\ndata: {\"n\":123456,\"price\":42.5}\n\n".getBytes(StandardCharsets.US_ASCII);

  private StreamBench() {}

  /** Runs both on every container of the class path. */
  static void run(Report report, int rounds) throws Exception {
    for (Container container : Container.available()) {
      SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
      try (TestServer server =
          container.start(
              app ->
                  app.handler("/raw/stream", (in, out) -> raw(in, out, CHUNK, STREAM, false))
                      .handler(
                          "/raw/events",
                          (in, out) -> raw(in, out, EVENT, (long) EVENTS * EVENT.length, true))
                      .filter(
                          "safe-async",
                          SafeAsyncFilter.create(config),
                          Map.of(),
                          true,
                          EnumSet.of(DispatcherType.REQUEST),
                          "/safe/*")
                      .handler("/safe/stream", (in, out) -> safe(in, CHUNK, STREAM, false))
                      .handler(
                          "/safe/events",
                          (in, out) -> safe(in, EVENT, (long) EVENTS * EVENT.length, true)))) {
        compare(report, server, rounds, "stream", STREAM);
        if (!Boolean.getBoolean("noevents")) {
          compare(report, server, rounds, "events", (long) EVENTS * EVENT.length);
        }
      }
    }
  }

  private static void compare(Report report, TestServer server, int rounds, String path, long least)
      throws Exception {
    double[] raw = new double[rounds];
    double[] safe = new double[rounds];
    long start = System.nanoTime();
    while (System.nanoTime() - start < 2 * WARM_UP_NANOS) {
      get(server, "/raw/" + path, least);
      get(server, "/safe/" + path, least);
    }
    for (int round = 0; round < rounds; round++) {
      raw[round] = get(server, "/raw/" + path, least);
      safe[round] = get(server, "/safe/" + path, least);
    }
    double speed = Samples.median(safe);
    double ratio = speed / Samples.median(raw);
    report.row(
        server.container(),
        path + " of " + (least >> 20) + " MiB beside a WriteListener's",
        Figure.of("speed", ratio, "×").atLeast(LEAST),
        Figure.of("at", speed, "MB/s"));
  }

  /** Reads one response, of no less than its body, to its end and answers its speed in MB/s. */
  private static double get(TestServer server, String path, long least) throws Exception {
    byte[] buffer = new byte[256 * 1024];
    long bytes = 0;
    long start = System.nanoTime();
    try (RawClient client = RawClient.connect(server)) {
      client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      client.readTimeout(Duration.ofSeconds(60));
      for (int length; (length = client.read(buffer)) >= 0; ) {
        bytes += length;
      }
    }
    if (bytes < least) {
      throw new IllegalStateException(path + " ended after " + bytes + " of " + least + " bytes");
    }
    return bytes * 1e3 / (System.nanoTime() - start);
  }

  private static void raw(
      HttpServletRequest request,
      HttpServletResponse response,
      byte[] piece,
      long length,
      boolean flush)
      throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    ServletOutputStream out = response.getOutputStream();
    out.setWriteListener(
        new WriteListener() {
          private long left = length;

          @Override
          public void onWritePossible() throws IOException {
            while (out.isReady()) {
              if (left == 0) {
                context.complete();
                return;
              }
              out.write(piece, 0, (int) Math.min(left, piece.length));
              left -= Math.min(left, piece.length);
              if (flush && out.isReady()) {
                out.flush();
              }
            }
          }

          @Override
          public void onError(Throwable failure) {
            failure.printStackTrace();
            context.complete();
          }
        });
  }

  private static void safe(HttpServletRequest request, byte[] piece, long length, boolean flush) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onWritable(
        new Runnable() {
          private long left = length;

          @Override
          public void run() {
            while (response.isWritable()) {
              if (left == 0) {
                response.finish();
                return;
              }
              ByteBuffer next = ByteBuffer.wrap(piece, 0, (int) Math.min(left, piece.length));
              left -= next.remaining();
              if (flush) {
                response.writeAndFlush(next);
              } else {
                response.writeOwned(next);
              }
            }
            response.onWritable(this);
          }
        });
  }
}
