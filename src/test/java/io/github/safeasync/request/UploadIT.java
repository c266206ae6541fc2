package io.github.safeasync.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Departure;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** G7, G8: an upload that is watched from its first byte arrives whole and is never reported. */
class UploadIT {

  private static final SafeAsyncConfig WATCHED_AT_ONCE =
      SafeAsyncConfig.builder().detectAfter(Duration.ZERO).build();

  private static final int PIECE = 256 << 10;
  private static final int PIECES = Tries.of(256);

  /** As many bytes in smaller pieces, over seven to eight seconds. */
  private static final int TRICKLES = 2_048;

  private static final List<Transport> TRICKLED =
      List.of(Transport.PLAIN, Transport.TLS13, Transport.H2);

  private static final long TRICKLE_NANOS = 3_500_000;

  private final List<Departure> falseReports = new CopyOnWriteArrayList<>();

  /** Of each upload that has begun. */
  private final List<Exchanges> begun = new CopyOnWriteArrayList<>();

  private SafeAsyncResponse taken(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onDisconnect(falseReports::add);
    begun.add(Exchange.of(request).exchanges());
    return response;
  }

  /** Reads on the container's threads, when it says that there is something. */
  private Handler async() {
    return (request, out) -> {
      SafeAsyncResponse response = taken(request);
      ServletInputStream body = request.getInputStream();
      body.setReadListener(new Reader(body, response));
    };
  }

  private static final class Reader implements ReadListener {
    private final ServletInputStream body;
    private final SafeAsyncResponse response;
    private final CRC32 sum = new CRC32();
    private final byte[] buffer = new byte[16 << 10];

    Reader(ServletInputStream body, SafeAsyncResponse response) {
      this.body = body;
      this.response = response;
    }

    @Override
    public void onDataAvailable() throws IOException {
      while (body.isReady()) {
        int read = body.read(buffer);
        if (read < 0) {
          return;
        }
        sum.update(buffer, 0, read);
      }
    }

    @Override
    public void onAllDataRead() {
      response.finish(Long.toString(sum.getValue()));
    }

    @Override
    public void onError(Throwable failure) {
      response.sendError(500, failure.toString());
    }
  }

  /** Reads in the servlet, which waits for the client. */
  private Handler blocking() {
    return (request, out) -> {
      SafeAsyncResponse response = taken(request);
      CRC32 sum = new CRC32();
      byte[] buffer = new byte[16 << 10];
      ServletInputStream body = request.getInputStream();
      for (int read; (read = body.read(buffer)) >= 0; ) {
        sum.update(buffer, 0, read);
      }
      response.finish(Long.toString(sum.getValue()));
    };
  }

  @ParameterizedTest
  @EveryTransport
  void readAsynchronously_G7_G8(Container container, Transport transport) throws Exception {
    upload(container, transport, async());
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2})
  void readBlocking_G7_G8(Container container, Transport transport) throws Exception {
    upload(container, transport, blocking());
  }

  private void upload(Container container, Transport transport, Handler handler) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, handler);
        Uploader client = Uploader.connect(site.server())) {
      client.upload(PIECES, PIECE, 0);
      client.upload(40, 1_000, 3_000_000);
      assertThat(falseReports).isEmpty();
      client.isAnswered(site);
      logs.assertQuiet();
    }
  }

  /** All at once, as most of the time is the clients' idling between their pieces. */
  @Test
  void atTrickleSpeed_onEveryContainer_G7_G8() throws Exception {
    ExecutorService clients = Executors.newCachedThreadPool();
    List<Site> sites = new ArrayList<>();
    try (Logs logs = Logs.capture()) {
      for (Container container : Container.available()) {
        for (Transport transport : TRICKLED) {
          sites.add(start(container, transport, async()));
        }
      }
      Map<Site, Future<?>> uploads = new LinkedHashMap<>();
      sites.forEach(site -> uploads.put(site, clients.submit(() -> trickle(site))));
      Set<Exchanges> watched = new HashSet<>();
      Witness.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                begun.stream().filter(each -> each.scope().watching() == 1).forEach(watched::add);
                return watched.size() == sites.size();
              });
      for (Map.Entry<Site, Future<?>> each : uploads.entrySet()) {
        assertThat(each.getValue()).as("%s", each.getKey()).succeedsWithin(Duration.ofSeconds(90));
      }
      assertThat(falseReports).isEmpty();
      logs.assertQuiet();
    } finally {
      clients.shutdownNow();
      for (Site each : sites) {
        each.close();
      }
    }
  }

  private static Void trickle(Site site) throws Exception {
    try (Uploader client = Uploader.connect(site.server())) {
      client.upload(TRICKLES, PIECE * PIECES / TRICKLES, TRICKLE_NANOS);
      client.isAnswered(site);
    }
    return null;
  }

  private static Site start(Container container, Transport transport, Handler handler)
      throws Exception {
    return Site.start(
        container, transport, WATCHED_AT_ONCE, app -> app.handler("/upload", handler));
  }

  /** A client that speaks what its server speaks. */
  private abstract static class Uploader implements AutoCloseable {

    static Uploader connect(TestServer server) throws Exception {
      return server.transport().isHttp2() ? new OfHttp2(server) : new OfHttp1(server);
    }

    /** Sends so many pieces, and is answered with the sum of all. */
    final void upload(int pieces, int size, long pauseNanos) throws Exception {
      begin((long) pieces * size);
      byte[] piece = new byte[size];
      ThreadLocalRandom.current().nextBytes(piece);
      CRC32 sum = new CRC32();
      for (int i = 1; i <= pieces; i++) {
        piece[0]++;
        send(piece.clone(), i == pieces);
        sum.update(piece);
        LockSupport.parkNanos(pauseNanos);
      }
      assertThat(answer()).isEqualTo(Long.toString(sum.getValue()));
    }

    /** The connection serves on. */
    final void isAnswered(Site site) throws Exception {
      get("/take");
      SafeAsyncResponse last = site.take();
      last.finish("last");
      assertThat(answer()).isEqualTo("last");
      site.awaitWatching(0);
    }

    abstract void begin(long length) throws Exception;

    abstract void send(byte[] piece, boolean last) throws Exception;

    abstract void get(String path) throws Exception;

    abstract String answer() throws Exception;
  }

  private static final class OfHttp1 extends Uploader {
    private final RawClient client;

    OfHttp1(TestServer server) throws IOException {
      client = RawClient.connect(server);
      client.readTimeout(Duration.ofSeconds(60));
    }

    @Override
    void begin(long length) throws IOException {
      client.send(
          "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
              .formatted(length));
    }

    @Override
    void send(byte[] piece, boolean last) throws IOException {
      client.send(piece);
    }

    @Override
    void get(String path) throws IOException {
      client.get(path);
    }

    @Override
    String answer() throws IOException {
      return client.readResponse().body();
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  private static final class OfHttp2 extends Uploader {
    private final Http2Client client;
    private Http2Exchange exchange;

    OfHttp2(TestServer server) throws Exception {
      client = Http2Client.connect(server);
    }

    @Override
    void begin(long length) throws Exception {
      exchange = client.post("/upload");
    }

    @Override
    void send(byte[] piece, boolean last) throws Exception {
      exchange.send(ByteBuffer.wrap(piece), last);
    }

    @Override
    void get(String path) throws Exception {
      exchange = client.get(path);
    }

    @Override
    String answer() throws Exception {
      return exchange.awaitBody();
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
