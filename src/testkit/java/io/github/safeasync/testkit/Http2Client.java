package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.PingFrame;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * One connection of HTTP/2 with any number of streams, which can be hung up in every way.
 * Thread-safe.
 *
 * @since 0.1.0
 */
public final class Http2Client implements AutoCloseable {
  /** How many bytes of a response are let in before they are read. */
  public static final int STREAM_WINDOW = 128 * 1024;

  private final HTTP2Session session;
  private final String root;
  private final Replies replies;

  private Http2Client(HTTP2Session session, String root, Replies replies) {
    this.session = session;
    this.root = root;
    this.replies = replies;
  }

  /** The answers to PING. */
  private static final class Replies implements Session.Listener {
    private final BlockingQueue<PingFrame> pings = new LinkedBlockingQueue<>();

    @Override
    public void onPing(Session session, PingFrame frame) {
      if (frame.isReply()) {
        pings.add(frame);
      }
    }
  }

  /**
   * Connects by prior knowledge (H2C) or ALPN (H2), whichever the server speaks.
   *
   * @param server a started server
   * @return the client, which has opened no stream
   * @throws Exception if the server cannot be reached, or does not speak HTTP/2
   */
  public static Http2Client connect(TestServer server) throws Exception {
    return connect(server, server.port());
  }

  /**
   * Connects to another port of the server, which speaks the same there.
   *
   * @param server a started server
   * @param port of the server, on 127.0.0.1
   * @return the client, which has opened no stream
   * @throws Exception if the server cannot be reached, or does not speak HTTP/2
   */
  public static Http2Client connect(TestServer server, int port) throws Exception {
    return switch (server.transport()) {
      case H2C -> connect(server.uri("").toString(), port, null);
      case H2 -> connect(server.uri("").toString(), port, Shared.TLS);
      case PLAIN, TLS12, TLS13 ->
          throw new IllegalArgumentException(server.transport() + " is not HTTP/2");
    };
  }

  /** Connects by ALPN to any server on 127.0.0.1, whatever its certificate. */
  static Http2Client connectTls(int port) throws Exception {
    return connect("https://127.0.0.1:" + port, port, Trusting.TLS);
  }

  private static Http2Client connect(String root, int port, SslContextFactory.Client tls)
      throws Exception {
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
    Replies listener = new Replies();
    CompletableFuture<Session> session =
        tls == null
            ? Shared.CLIENT.connect(address, listener)
            : Shared.CLIENT.connect(tls, address, listener);
    return new Http2Client((HTTP2Session) session.get(10, TimeUnit.SECONDS), root, listener);
  }

  /**
   * Sends a GET.
   *
   * @param path and query, in the form that goes over the wire
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange get(String path) throws Exception {
    return get(path, Map.of());
  }

  /**
   * Sends a GET with header fields.
   *
   * @param path and query, in the form that goes over the wire
   * @param fields more header fields, by name
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange get(String path, Map<String, String> fields) throws Exception {
    return send("GET", path, fields, new Http2Exchange(false), true);
  }

  /**
   * Sends a HEAD.
   *
   * @param path and query, in the form that goes over the wire
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange head(String path) throws Exception {
    return send("HEAD", path, Map.of(), new Http2Exchange(false), true);
  }

  /**
   * Sends a GET whose response is let in as far as {@link #STREAM_WINDOW}, until it is read.
   *
   * @param path and query, in the form that goes over the wire
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange getUnread(String path) throws Exception {
    return send("GET", path, Map.of(), new Http2Exchange(true), true);
  }

  /**
   * Opens a request whose body is still to come, see {@link Http2Exchange#send}.
   *
   * @param path and query, in the form that goes over the wire
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange post(String path) throws Exception {
    return post(path, Map.of());
  }

  /**
   * Opens a request with header fields, whose body is still to come.
   *
   * @param path and query, in the form that goes over the wire
   * @param fields more header fields, by name
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange post(String path, Map<String, String> fields) throws Exception {
    return send("POST", path, fields, new Http2Exchange(false), false);
  }

  /**
   * Opens a request of another method than POST whose body is still to come.
   *
   * @param method of the request
   * @param path and query, in the form that goes over the wire
   * @return the stream
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public Http2Exchange upload(String method, String path) throws Exception {
    return send(method, path, Map.of(), new Http2Exchange(false), false);
  }

  private Http2Exchange send(
      String method, String path, Map<String, String> fields, Http2Exchange exchange, boolean last)
      throws Exception {
    HttpFields.Mutable headers = HttpFields.build();
    fields.forEach(headers::put);
    HttpURI uri = HttpURI.from(URI.create(root + path));
    MetaData.Request request = new MetaData.Request(method, uri, HttpVersion.HTTP_2, headers);
    exchange.opened(
        session
            .newStream(new HeadersFrame(request, null, last), exchange)
            .get(10, TimeUnit.SECONDS));
    return exchange;
  }

  /**
   * Waits until the server has taken in what was sent: it answers a PING in its turn.
   *
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public void awaitTaken() throws Exception {
    session.ping(new PingFrame(false), Callback.NOOP);
    if (replies.pings.poll(10, TimeUnit.SECONDS) == null) {
      throw new IOException("No answer to a PING");
    }
  }

  /** Closes the TCP connection with a FIN and no word of TLS or HTTP/2. */
  public void closeFin() {
    connection().close();
  }

  /**
   * Resets the TCP connection.
   *
   * @throws IOException if the socket refuses it
   */
  public void closeRst() throws IOException {
    EndPoint connection = connection();
    ((SocketChannel) connection.getTransport()).setOption(StandardSocketOptions.SO_LINGER, 0);
    connection.close();
  }

  /**
   * Says GOAWAY and leaves the connection open.
   *
   * @throws Exception if the connection fails
   */
  public void goAway() throws Exception {
    Callback.Completable sent = new Callback.Completable();
    session.close(ErrorCode.NO_ERROR.code, "leaving", sent);
    // The server may answer by closing before the write is known to have succeeded.
    sent.handle((done, failed) -> done).get(10, TimeUnit.SECONDS);
  }

  /**
   * Says GOAWAY and then closes the TCP connection with a FIN.
   *
   * @throws Exception if the connection fails, or an answer takes more than ten seconds
   */
  public void goAwayAndClose() throws Exception {
    goAway();
    closeFin();
  }

  /** {@return the port the server sees} */
  public int localPort() {
    return ((InetSocketAddress) session.getLocalSocketAddress()).getPort();
  }

  /** Hangs up if that has not happened yet. */
  @Override
  public void close() {
    closeFin();
  }

  /** The end point nearest to the kernel, below that of TLS. */
  private EndPoint connection() {
    EndPoint endPoint = session.getEndPoint();
    while (endPoint.getTransport() instanceof EndPoint inner) {
      endPoint = inner;
    }
    return endPoint;
  }

  /** Started once for all tests, as starting it costs more than most of them. */
  private static final class Shared {
    static final SslContextFactory.Client TLS = new SslContextFactory.Client();
    static final HTTP2Client CLIENT = new HTTP2Client();

    static {
      QueuedThreadPool threads = new QueuedThreadPool(8);
      threads.setName("http2-client");
      threads.setDaemon(true);
      CLIENT.setExecutor(threads);
      CLIENT.setInitialStreamRecvWindow(STREAM_WINDOW);
      CLIENT.getClientConnector().setSslContextFactory(TLS);
      TLS.setTrustStorePath(Tls.keyStore().toString());
      TLS.setTrustStorePassword(Tls.PASSWORD);
      try {
        CLIENT.start();
      } catch (Exception e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private Shared() {}
  }

  /** Takes any certificate, which Jetty warns of. */
  private static final class Trusting {
    static final SslContextFactory.Client TLS = new SslContextFactory.Client(true);

    static {
      TLS.setEndpointIdentificationAlgorithm(null);
      try {
        TLS.start();
      } catch (Exception e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private Trusting() {}
  }
}
