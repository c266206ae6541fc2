package io.github.safeasync.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A client that sends a request, waits until the work for it has begun, and hangs up; for a test of
 * what stops with it.
 *
 * <pre>{@code
 * HangUp.of(server).get("/search?q=slow").once(search::isRunning).by(HangUp.Way.RST)
 *     .stops(search::isIdle, Duration.ofMillis(500));
 * }</pre>
 *
 * <p>Not thread-safe.
 *
 * @since 0.1.0
 */
public final class HangUp {

  /** How long what is waited for before the hang-up may take. */
  private static final Duration BEGINS = Duration.ofSeconds(10);

  /**
   * How a client leaves. Thread-safe.
   *
   * @since 0.1.0
   */
  public enum Way {
    /** Closes in good order: what a browser does when its tab is closed. Over TLS close_notify. */
    FIN,
    /** Resets the connection: what a client does that is killed with bytes unread. */
    RST,
    /** Closes the TCP connection; over TLS without a close_notify. */
    ABRUPT,
    /**
     * Closes the direction of sending, and could still read. For the filter it depends on {@code
     * half-close} whether that is a departure.
     */
    HALF_CLOSE,
    /** Resets its stream and keeps the connection: the only way on HTTP/2 that is one request's. */
    HTTP2_RESET
  }

  private interface Client extends AutoCloseable {
    void leave(Way way) throws Exception;

    @Override
    void close() throws IOException;
  }

  private interface Connecting {
    Client send() throws Exception;
  }

  private final @Nullable TestServer server;
  private final int port;
  private @Nullable Connecting request;
  private boolean getsByHttp2;
  private BooleanSupplier begun = () -> true;

  private HangUp(@Nullable TestServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /**
   * Returns a client of a server of this kit, by whichever protocol it speaks.
   *
   * @param server a started server
   * @return the client, which has not connected
   */
  public static HangUp of(TestServer server) {
    return new HangUp(server, server.port());
  }

  /**
   * Returns a client of whatever listens on a port of 127.0.0.1, by HTTP/1.1 without TLS: an
   * application that a Spring Boot test has started, for one.
   *
   * @param port of the server
   * @return the client, which has not connected
   */
  public static HangUp of(int port) {
    return new HangUp(null, port);
  }

  /**
   * Says what to ask for: a GET.
   *
   * @param path and query, in the form that goes over the wire
   * @return this client
   */
  public HangUp get(String path) {
    Objects.requireNonNull(path, "path");
    TestServer asked = server;
    getsByHttp2 = asked != null && asked.transport().isHttp2();
    request =
        () ->
            asked != null && getsByHttp2
                ? overHttp2(asked, path)
                : overHttp1("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return this;
  }

  /**
   * Says what to send, on HTTP/1.1: a POST, a part of a body, pipelined requests.
   *
   * @param bytes characters of ISO 8859-1, from the request line on
   * @return this client
   */
  public HangUp send(String bytes) {
    Objects.requireNonNull(bytes, "bytes");
    getsByHttp2 = false;
    request = () -> overHttp1(bytes);
    return this;
  }

  /**
   * Says what the client waits for before it hangs up, for ten seconds at most.
   *
   * @param condition whether the work has begun
   * @return this client
   */
  public HangUp once(BooleanSupplier condition) {
    begun = Objects.requireNonNull(condition, "condition");
    return this;
  }

  /**
   * Sends, waits and hangs up.
   *
   * @param way how
   * @return what is to be looked at afterwards
   * @throws AssertionError if the work has not begun in time
   * @throws Exception if the server cannot be reached
   */
  public After by(Way way) throws Exception {
    Objects.requireNonNull(way, "way");
    if (request == null) {
      throw new IllegalStateException("Say what to ask for: get(path) or send(bytes) before by");
    }
    requireKnownWay(way);
    Client client = request.send();
    try {
      if (nanosUntil(begun, BEGINS) < 0) {
        throw new AssertionError("The work has not begun within " + BEGINS.toSeconds() + " s");
      }
      long left = System.nanoTime();
      client.leave(way);
      return new After(client, way, left);
    } catch (Throwable failure) {
      client.close();
      throw failure;
    }
  }

  /** Before anything is sent: the work would have begun otherwise. */
  private void requireKnownWay(Way way) {
    if (!getsByHttp2 && way == Way.HTTP2_RESET) {
      throw new IllegalArgumentException(
          "A stream can be reset on HTTP/2 alone: start the server with Transport.H2C or H2, and"
              + " ask by get");
    }
    if (getsByHttp2 && way == Way.HALF_CLOSE) {
      throw new IllegalArgumentException("HTTP/2 knows no half-closed connection");
    }
  }

  private Client overHttp1(String bytes) throws IOException {
    RawClient client = server == null ? RawClient.connect(port) : RawClient.connect(server);
    client.send(bytes);
    return new Client() {
      @Override
      public void leave(Way way) throws IOException {
        switch (way) {
          case FIN -> client.closeFin();
          case RST -> client.closeRst();
          case ABRUPT -> client.closeAbrupt();
          case HALF_CLOSE -> client.halfClose();
          case HTTP2_RESET -> throw new AssertionError(way);
        }
      }

      @Override
      public void close() throws IOException {
        client.close();
      }
    };
  }

  private static Client overHttp2(TestServer server, String path) throws Exception {
    Http2Client client = Http2Client.connect(server);
    Http2Exchange exchange = client.get(path);
    return new Client() {
      @Override
      public void leave(Way way) throws Exception {
        switch (way) {
          case FIN -> client.goAwayAndClose();
          case RST -> client.closeRst();
          case ABRUPT -> client.closeFin();
          case HTTP2_RESET -> exchange.reset();
          case HALF_CLOSE -> throw new AssertionError(way);
        }
      }

      @Override
      public void close() {
        client.close();
      }
    };
  }

  /** Returns how long it took, in nanoseconds; -1 if it is not true in time. */
  private static long nanosUntil(BooleanSupplier condition, Duration limit)
      throws InterruptedException {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > limit.toNanos()) {
        return -1;
      }
      Thread.sleep(1);
    }
    return System.nanoTime() - start;
  }

  /**
   * The time after the hang-up. Not thread-safe.
   *
   * @since 0.1.0
   */
  public static final class After {
    private final Client client;
    private final Way way;
    private final long left;

    private After(Client client, Way way, long left) {
      this.client = client;
      this.way = way;
      this.left = left;
    }

    /**
     * Asserts that the work stops.
     *
     * @param stopped whether it has stopped; looked at once a millisecond
     * @param within how long after the hang-up at most
     * @return how long after the hang-up it was seen to have stopped
     * @throws AssertionError if it goes on
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public Duration stops(BooleanSupplier stopped, Duration within) throws Exception {
      Objects.requireNonNull(stopped, "stopped");
      Duration rest = within.minusNanos(System.nanoTime() - left);
      try (client) {
        if (nanosUntil(stopped, rest.isNegative() ? Duration.ZERO : rest) < 0) {
          throw new AssertionError(
              "The client has hung up ("
                  + way
                  + "), and its work still goes on "
                  + within.toMillis()
                  + " ms later. Is SafeAsyncFilter mapped to the path, and the work bound to the"
                  + " exchange: CancellationToken.current().bind(work)?");
        }
        return Duration.ofNanos(System.nanoTime() - left);
      }
    }

    /**
     * Asserts that the work goes on, as that of a POST has to.
     *
     * @param running whether it is running
     * @param during how long after the hang-up it is looked at
     * @throws AssertionError if it stops
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    public void goesOn(BooleanSupplier running, Duration during) throws Exception {
      Objects.requireNonNull(running, "running");
      try (client) {
        if (nanosUntil(() -> !running.getAsBoolean(), during) >= 0) {
          throw new AssertionError(
              "The client has hung up (" + way + "), and its work has stopped");
        }
      }
    }
  }
}
