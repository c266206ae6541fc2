package io.github.safeasync;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import java.time.Duration;

/** A client that reads nothing of its response until it is told to, and has little room for it. */
abstract class SlowReader implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** A body as far as it came. */
  record Body(byte[] bytes, boolean isComplete) {}

  private SlowReader() {}

  /** Sends a GET. */
  static SlowReader open(TestServer server, String path) throws Exception {
    return server.transport().isHttp2() ? new OfHttp2(server, path) : new OfHttp1(server, path);
  }

  /** Reads to the end. */
  abstract Body read() throws Exception;

  private static final class OfHttp1 extends SlowReader {

    private final RawClient client;

    OfHttp1(TestServer server, String path) throws Exception {
      client = RawClient.connect(server, socket -> socket.setReceiveBufferSize(8192));
      client.readTimeout(PATIENCE).get(path);
    }

    @Override
    Body read() throws Exception {
      RawResponse response = client.readResponse();
      return new Body(response.bodyBytes(), response.isComplete());
    }

    @Override
    public void close() throws Exception {
      client.close();
    }
  }

  private static final class OfHttp2 extends SlowReader {

    private final Http2Client client;
    private final Http2Exchange exchange;

    OfHttp2(TestServer server, String path) throws Exception {
      client = Http2Client.connect(server);
      exchange = client.getUnread(path);
    }

    @Override
    Body read() throws Exception {
      exchange.read();
      boolean complete = exchange.awaitEnd() == RawResponse.End.COMPLETE;
      return new Body(exchange.bodyBytes(), complete);
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
