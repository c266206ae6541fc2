package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import java.net.SocketException;
import java.time.Duration;

/** A client that reads nothing of its response until it is told to, and has little room for it. */
public abstract class SlowReader implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** A body as far as it came. */
  public record Body(byte[] bytes, boolean isComplete) {}

  private SlowReader() {}

  /** Sends a GET. */
  public static SlowReader open(TestServer server, String path) throws Exception {
    return server.transport().isHttp2() ? new OfHttp2(server, path) : new OfHttp1(server, path);
  }

  /** Reads to the end. */
  public abstract Body read() throws Exception;

  /** Reads on until a byte has come so often, or fails after a while; the response may go on. */
  abstract void readUntil(byte sought, int times) throws Exception;

  private static int count(byte sought, byte[] bytes, int length) {
    int count = 0;
    for (int i = 0; i < length; i++) {
      count += bytes[i] == sought ? 1 : 0;
    }
    return count;
  }

  private static final class OfHttp1 extends SlowReader {

    private final RawClient client;

    OfHttp1(TestServer server, String path) throws Exception {
      client = RawClient.connect(server, socket -> socket.setReceiveBufferSize(8192));
      client.readTimeout(PATIENCE).get(path);
    }

    @Override
    public Body read() throws Exception {
      try {
        RawResponse response = client.readResponse();
        return new Body(response.bodyBytes(), response.isComplete());
      } catch (SocketException reset) {
        // No record of TLS had come whole, and so no head.
        return new Body(new byte[0], false);
      }
    }

    @Override
    void readUntil(byte sought, int times) throws Exception {
      while (!client.readLine().isEmpty()) {}
      byte[] buffer = new byte[16 * 1024];
      for (int came = 0; came < times; ) {
        int length = client.read(buffer);
        assertThat(length).as("bytes of a response that goes on").isPositive();
        came += count(sought, buffer, length);
      }
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
    public Body read() throws Exception {
      exchange.read();
      boolean complete = exchange.awaitEnd() == RawResponse.End.COMPLETE;
      return new Body(exchange.bodyBytes(), complete);
    }

    @Override
    void readUntil(byte sought, int times) throws Exception {
      exchange.read();
      Witness.await()
          .atMost(PATIENCE)
          .until(
              () -> {
                byte[] body = exchange.bodyBytes();
                return count(sought, body, body.length) >= times;
              });
    }

    @Override
    public void close() {
      client.close();
    }
  }
}
