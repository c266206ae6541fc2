package io.github.safeasync.bench;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long after the client's close() the detector notices, and the application's onDisconnect is
 * told, with requests that have outlived the grace period.
 *
 * <p>Requests are opened in waves and closed one by one, each after the one before was noticed, and
 * {@code -Dpace} milliseconds after it. The text judge has a tenth of a core for what is urgent:
 * without a pace it is that share that is measured. {@code -Dclose} takes one way to hang up,
 * {@code -Dsafeasync.containers} one container.
 */
final class DetectionBenchmark {

  private static final int WAVE = 50;
  private static final int WARM_UP = 300;

  /** Between two hang-ups; without it they come as fast as they are noticed. */
  private static final long PACE_NANOS = 1_000_000 * Long.getLong("pace", 0);

  /** A way to hang up. */
  private enum Close {
    FIN(Transport.PLAIN, RawClient::closeFin),
    RST(Transport.PLAIN, RawClient::closeRst),
    CLOSE_NOTIFY_FIN(Transport.TLS13, RawClient::closeFin),
    TLS_FIN(Transport.TLS13, RawClient::closeAbrupt),
    TLS_RST(Transport.TLS13, RawClient::closeRst),
    RST_STREAM(Transport.H2C, null);

    private final Transport transport;
    private final Way way;

    Close(Transport transport, Way way) {
      this.transport = transport;
      this.way = way;
    }

    private interface Way {
      void of(RawClient client) throws Exception;
    }
  }

  /** Something that can be hung up. */
  private interface Line {
    void hangUp() throws Exception;

    void close() throws Exception;
  }

  private final BlockingQueue<Pending> taken = new LinkedBlockingQueue<>();
  private final Close close;
  private final Samples noticed;
  private final Samples told;
  private final TreeMap<String, Integer> bases = new TreeMap<>();

  private DetectionBenchmark(Close close, int count) {
    this.close = close;
    this.noticed = new Samples(count);
    this.told = new Samples(count);
  }

  static void run(int count) throws Exception {
    System.out.printf(
        "%s, %d processors, %d hang-ups each; microseconds from the client's close()%n%n",
        Runtime.version(), Runtime.getRuntime().availableProcessors(), count);
    System.out.println(
        "| container | transport | close | noticed | detector p50 | p99 | onDisconnect p50 | p99 |"
            + " by |");
    System.out.println("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |");
    for (Container container : Container.available()) {
      for (Close close : closes()) {
        new DetectionBenchmark(close, WARM_UP).measure(container);
        DetectionBenchmark measured = new DetectionBenchmark(close, count);
        measured.measure(container);
        measured.print(container, count);
      }
    }
  }

  private static Close[] closes() {
    String only = System.getProperty("close");
    return only == null ? Close.values() : new Close[] {Close.valueOf(only)};
  }

  private void measure(Container container) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    try (TestServer server =
        container.start(
            close.transport,
            app ->
                app.filter(SafeAsyncFilter.create(config))
                    .handler("/take", (in, out) -> taken.add(new Pending(SafeAsyncResponse.of(in))))
                    .handler("/plain", (in, out) -> out.getWriter().write("plain")))) {
      int left = told.capacity();
      while (left > 0) {
        int wave = Math.min(WAVE, left);
        wave(server, config, wave);
        left -= wave;
      }
    }
  }

  private void wave(TestServer server, SafeAsyncConfig config, int size) throws Exception {
    List<Line> lines = new ArrayList<>();
    List<Pending> pending = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      lines.add(close.transport.isHttp2() ? http2(server) : http1(server));
      pending.add(taken.poll(10, TimeUnit.SECONDS));
    }
    LockSupport.parkNanos(2 * config.detectAfter().toNanos());
    for (int i = 0; i < size; i++) {
      hangUp(lines.get(i), pending.get(i));
    }
    for (Line line : lines) {
      line.close();
    }
  }

  private Line http1(TestServer server) throws Exception {
    RawClient client = RawClient.connect(server);
    // TLS 1.3 sends tickets after the handshake; unread they would make a reset of every close.
    client.get("/plain").readResponse();
    client.get("/take");
    return new Line() {
      @Override
      public void hangUp() throws Exception {
        close.way.of(client);
      }

      @Override
      public void close() throws Exception {
        client.close();
      }
    };
  }

  /** On a connection of its own: containers take many resets of one for an attack. */
  private static Line http2(TestServer server) throws Exception {
    Http2Client client = Http2Client.connect(server);
    Http2Exchange exchange = client.get("/take");
    return new Line() {
      @Override
      public void hangUp() throws Exception {
        exchange.reset();
      }

      @Override
      public void close() {
        client.close();
      }
    };
  }

  private void hangUp(Line line, Pending pending) throws Exception {
    LockSupport.parkNanos(PACE_NANOS);
    Instant closedAt = Instant.now();
    long start = System.nanoTime();
    line.hangUp();
    if (pending.await()) {
      told.add(pending.toldAt() - start);
      noticed.add(Duration.between(closedAt, pending.noticedAt()).toNanos());
      bases.merge(pending.basis(), 1, Integer::sum);
    }
  }

  private void print(Container container, int count) {
    System.out.printf(
        "| %s | %s | %s | %.1f %% | %s | %s | %s | %s | %s |%n",
        container,
        close.transport,
        close,
        100.0 * told.size() / count,
        noticed.micros(0.5),
        noticed.micros(0.99),
        told.micros(0.5),
        told.micros(0.99),
        bases);
  }
}
