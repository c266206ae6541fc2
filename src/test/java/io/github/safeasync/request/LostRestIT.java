package io.github.safeasync.request;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.http2.BufferingFlowControlStrategy;
import org.eclipse.jetty.http2.HTTP2Stream;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G13: as an HTTP/2 connection is lost, Jetty throws away what of an upload waits to be read, and
 * keeps its end. Who reads in this moment is given that end by Jetty 12.1.14, and behind the filter
 * an IOException, unless all had been read before.
 */
class LostRestIT {

  private static final String READ = "0123456789";
  private static final String REST = "abcdefghij";
  private static final String CUT = "IOException";

  /** Ways to read as much as was there, and then one more. */
  private enum Reading {
    STREAM {
      @Override
      String first(HttpServletRequest request) throws IOException {
        return new String(request.getInputStream().readNBytes(READ.length()), US_ASCII);
      }

      @Override
      int next(HttpServletRequest request) throws IOException {
        return request.getInputStream().read();
      }
    },
    READER {
      @Override
      String first(HttpServletRequest request) throws IOException {
        char[] read = new char[READ.length()];
        return new String(read, 0, request.getReader().read(read));
      }

      @Override
      int next(HttpServletRequest request) throws IOException {
        return request.getReader().read();
      }
    };

    abstract String first(HttpServletRequest request) throws IOException;

    abstract int next(HttpServletRequest request) throws IOException;
  }

  /** One upload: what was read of it, when its connection was lost, and what was read then. */
  private record Upload(
      CompletableFuture<String> first,
      CompletableFuture<Void> lost,
      CompletableFuture<String> next) {

    Upload() {
      this(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
    }
  }

  private final Map<String, Upload> uploads = new ConcurrentHashMap<>();

  /** Whose connection is opened next. */
  private volatile Upload current = new Upload();

  /** Holds Jetty between throwing the frames away and telling ServletChannel. */
  private static final class HeldFlowControl extends BufferingFlowControlStrategy {

    private final Upload upload;

    HeldFlowControl(Upload upload) {
      super(DEFAULT_WINDOW_SIZE, 0.5F);
      this.upload = upload;
    }

    @Override
    public void onDataConsumed(Session session, Stream stream, int length) {
      super.onDataConsumed(session, stream, length);
      boolean isLost = stream instanceof HTTP2Stream own && own.isResetOrFailed();
      // The reader comes here as well.
      if (isLost && upload.lost().complete(null)) {
        upload.next().completeOnTimeout("never", 20, SECONDS).join();
      }
    }
  }

  private void hold(TestApplication application) {
    application.customize(
        ServerConnector.class,
        connector ->
            connector
                .getConnectionFactory(AbstractHTTP2ServerConnectionFactory.class)
                .setFlowControlStrategyFactory(() -> new HeldFlowControl(current)));
  }

  private void serve(HttpServletRequest request) throws IOException {
    String path = request.getRequestURI();
    Upload upload = uploads.get(path);
    Reading reading = Reading.valueOf(path.substring(path.lastIndexOf('/') + 1));
    upload.first().complete(reading.first(request));
    upload.lost().orTimeout(20, SECONDS).join();
    try {
      upload.next().complete(Integer.toString(reading.next(request)));
    } catch (IOException cut) {
      upload.next().complete(CUT);
    }
  }

  /** Sends all, loses the connection, and returns what was read then. */
  private String nextOf(TestServer server, String path, boolean allIsRead) throws Exception {
    Upload upload = new Upload();
    uploads.put(path, upload);
    current = upload;
    try (Http2Client client = Http2Client.connect(server)) {
      Http2Exchange exchange = client.post(path, Map.of("Content-Type", "text/plain"));
      exchange.send(READ, allIsRead);
      assertThat(upload.first().get(20, SECONDS)).isEqualTo(READ);
      if (!allIsRead) {
        exchange.send(REST, true);
      }
      client.closeFin();
      return upload.next().get(20, SECONDS);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void connectionIsLost_itsEndIsNoEnd_unlessAllWasRead_G13(Container container) throws Exception {
    assumeTrue(container.isJetty(), "Jetty's frames");
    try (TestServer server =
        Twins.start(
            container,
            Transport.H2C,
            this::hold,
            SafeAsyncConfig.defaults(),
            (in, out) -> serve(in))) {
      for (Reading reading : Reading.values()) {
        assertThat(nextOf(server, Twins.RAW + "/cut/" + reading, false)).isEqualTo("-1");
        assertThat(nextOf(server, Twins.GUARDED + "/cut/" + reading, false)).isEqualTo(CUT);
        assertThat(nextOf(server, Twins.RAW + "/whole/" + reading, true)).isEqualTo("-1");
        assertThat(nextOf(server, Twins.GUARDED + "/whole/" + reading, true)).isEqualTo("-1");
      }
    }
  }
}
