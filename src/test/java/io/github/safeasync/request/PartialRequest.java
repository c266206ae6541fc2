package io.github.safeasync.request;

import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A request of which as much is sent as a test wants, by a client that leaves in any way. */
public final class PartialRequest implements AutoCloseable {

  /** How a client leaves. */
  public enum Way {
    FIN,
    RST,
    /** A close_notify, and FIN. */
    TLS_CLOSE,
    RST_STREAM,
    /** It does not, and waits for the answer. */
    STAYS;

    public static List<Way> of(Transport transport) {
      List<Way> ways = new ArrayList<>(List.of(FIN, RST));
      if (transport.isHttp2()) {
        ways.add(RST_STREAM);
      } else if (transport.isSecure()) {
        ways.add(TLS_CLOSE);
      }
      return ways;
    }
  }

  /** A length that is not announced: the body is a chunk, without the last one. */
  static final long CHUNKED = -1;

  private final RawClient client;
  private final Http2Client http2;
  private final Http2Exchange exchange;

  private PartialRequest(RawClient client, Http2Client http2, Http2Exchange exchange) {
    this.client = client;
    this.http2 = http2;
    this.exchange = exchange;
  }

  /**
   * Sends the head and what is there of the body.
   *
   * @param length what is announced of the body, {@link #CHUNKED} if that is chunks; HTTP/2
   *     announces nothing
   */
  static PartialRequest post(
      TestServer server, String path, String contentType, long length, String body)
      throws Exception {
    if (server.transport().isHttp2()) {
      Http2Client http2 = Http2Client.connect(server);
      Http2Exchange exchange = http2.post(path, Map.of("Content-Type", contentType));
      exchange.send(body, length == body.length());
      return new PartialRequest(null, http2, exchange);
    }
    String fields = "Content-Type: " + contentType + "\r\nCookie: flavour=oat\r\nX-Custom: one";
    return send(server, "POST " + path, fields, length, body);
  }

  /** As {@link #post}, over HTTP/1.1, by any method and with any header fields. */
  static PartialRequest send(
      TestServer server, String methodAndPath, String fields, long length, String body)
      throws IOException {
    RawClient client = RawClient.connect(server);
    boolean chunked = length == CHUNKED;
    client.send(
        "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s\r\n\r\n%s"
            .formatted(
                methodAndPath,
                fields,
                chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + length,
                chunked ? "%x\r\n%s\r\n".formatted(body.length(), body) : body));
    return new PartialRequest(client, null, null);
  }

  /** Sends a request without a body. */
  public static PartialRequest get(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      Http2Client http2 = Http2Client.connect(server);
      return new PartialRequest(null, http2, http2.get(path));
    }
    return new PartialRequest(RawClient.connect(server).get(path), null, null);
  }

  /** Sends more of the body. */
  void send(byte[] bytes) throws IOException {
    client.send(bytes);
  }

  /** Waits for the answer: its status and its body. */
  public String answer() throws Exception {
    if (http2 != null) {
      return exchange.awaitStatus() + " " + exchange.awaitBody();
    }
    RawResponse response = client.readResponse();
    return response.status() + " " + response.body();
  }

  public void leave(Way way) throws Exception {
    switch (way) {
      case FIN -> {
        if (http2 != null) {
          http2.closeFin();
        } else {
          client.closeAbrupt();
        }
      }
      case RST -> {
        if (http2 != null) {
          http2.closeRst();
        } else {
          client.closeRst();
        }
      }
      case TLS_CLOSE -> client.closeFin();
      case RST_STREAM -> exchange.reset();
      case STAYS -> {}
    }
  }

  @Override
  public void close() throws IOException {
    if (http2 != null) {
      http2.close();
    } else {
      client.close();
    }
  }
}
