package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;

/** G7, G8: an upload that is watched from its first byte arrives whole and is never reported. */
class UploadIT {

  private static final SafeAsyncConfig WATCHED_AT_ONCE =
      SafeAsyncConfig.builder().detectAfter(Duration.ZERO).build();

  private static final int PIECE = 256 << 10;
  private static final int PIECES = 256;

  private final List<Departure> falseReports = new CopyOnWriteArrayList<>();

  private SafeAsyncResponse taken(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onDisconnect(falseReports::add);
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
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void readAsynchronously_G7_G8(Container container, Transport transport) throws Exception {
    upload(container, transport, async());
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void readBlocking_G7_G8(Container container, Transport transport) throws Exception {
    upload(container, transport, blocking());
  }

  private void upload(Container container, Transport transport, Handler handler) throws Exception {
    try (Logs logs = Logs.capture();
        Site site =
            Site.start(
                container, transport, WATCHED_AT_ONCE, app -> app.handler("/upload", handler));
        RawClient client = RawClient.connect(site.server())) {
      int pieces = transport == Transport.PLAIN ? PIECES : PIECES / 8;
      assertThat(send(client, pieces, PIECE, 0)).isEqualTo(client.readResponse().body());
      assertThat(send(client, 40, 1_000, 3_000_000)).isEqualTo(client.readResponse().body());
      assertThat(falseReports).isEmpty();
      client.get("/take");
      SafeAsyncResponse last = site.take();
      last.finish("last");
      assertThat(client.readResponse().body()).isEqualTo("last");
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  /** Answers the sum of what was sent. */
  private static String send(RawClient client, int pieces, int size, long pauseNanos)
      throws IOException {
    client.send(
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            .formatted(pieces * size));
    byte[] piece = new byte[size];
    ThreadLocalRandom.current().nextBytes(piece);
    CRC32 sum = new CRC32();
    for (int i = 0; i < pieces; i++) {
      piece[0]++;
      client.send(piece);
      sum.update(piece);
      LockSupport.parkNanos(pauseNanos);
    }
    return Long.toString(sum.getValue());
  }
}
