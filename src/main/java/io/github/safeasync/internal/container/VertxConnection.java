package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Quarkus with quarkus-undertow, whose Undertow answers what Vert.x receives.
 *
 * <pre>
 * HttpServletRequestImpl.getExchange()     HttpServerExchange
 *   .getDelegate()                         VertxHttpExchange
 *     .connectionBase                      Http1xServerConnection, Http2ServerConnection
 *       .channel()                         the Channel of Netty, which reads on
 *         .javaChannel()                   the SocketChannel, with the transport of NIO
 *     .response                            HttpServerResponse, of HTTP/2 the stream's
 * </pre>
 */
final class VertxConnection extends ReachedConnection {

  private static final long CANCEL = 8;

  private final Object request;
  private final Object exchange;
  private final Object channel;
  private final @Nullable Object response;
  private final @Nullable Object eventLoop;

  private VertxConnection(
      @Nullable SocketChannel socket,
      boolean multiplexed,
      boolean secure,
      Object request,
      Object exchange,
      Object channel,
      @Nullable Object response) {
    super("Vert.x", socket, multiplexed, secure);
    this.request = request;
    this.exchange = exchange;
    this.channel = channel;
    this.response = response;
    this.eventLoop = Members.read(exchange, "getIoThread()");
  }

  /** Null where Undertow has its own connections. */
  static @Nullable Connection behind(ServletRequest own) {
    Object exchange = Members.read(own, "getExchange()");
    Object delegate = Members.read(exchange, "getDelegate()");
    Object connection = Members.read(delegate, "connectionBase");
    Object channel = Members.read(connection, "channel()");
    if (exchange == null || channel == null) {
      return null;
    }
    return new VertxConnection(
        Members.read(channel, "javaChannel()") instanceof SocketChannel reached ? reached : null,
        Boolean.TRUE.equals(Members.read(delegate, "isHttp2()")),
        Boolean.TRUE.equals(Members.read(connection, "isSsl()")),
        own,
        exchange,
        channel,
        Members.read(delegate, "response"));
  }

  /**
   * Netty reads on and closes the channel itself, which no selector of another's is told of; Vert.x
   * closes the response with its stream or connection, and tells no AsyncListener.
   */
  @Override
  public BooleanSupplier streamOpen() {
    return () -> !isReset() && !isLost();
  }

  private boolean isReset() {
    return Boolean.TRUE.equals(Members.read(response, "closed()")) && !isResponseComplete();
  }

  @Override
  public boolean isLost() {
    return Boolean.FALSE.equals(Members.read(channel, "isActive()"));
  }

  @Override
  public boolean isBroken() {
    return isClosed();
  }

  @Override
  public boolean isStreamReset() {
    return isClosed();
  }

  @Override
  public boolean isUnanswered() {
    return Boolean.FALSE.equals(Members.read(exchange, "isResponseStarted()"));
  }

  /** The exchange calls it complete as its client leaves, too. */
  @Override
  public boolean isResponseComplete() {
    return Boolean.TRUE.equals(Members.read(response, "ended()"));
  }

  @Override
  public boolean completesOnDispatchThread() {
    return true;
  }

  /** As {@link UndertowConnection#ofLostClient}. */
  @Override
  public Exception ofLostClient(Exception thrown, IOException said) {
    return said;
  }

  @Override
  public boolean isUnavailable() {
    return UndertowConnection.isUnavailable(request, exchange);
  }

  @Override
  public boolean hasErrorPage(int status) {
    return UndertowConnection.hasErrorPage(request, status);
  }

  @Override
  public int headLimit() {
    return Integer.MAX_VALUE;
  }

  /**
   * ServletOutputStreamImpl.flush gives its buffer away before it forgets it: the event loop, which
   * calls the listener for the next write, must not come between.
   */
  @Override
  public @Nullable Executor streamThread() {
    return this::inEventLoop;
  }

  @Override
  public boolean isNetworkThread() {
    return Boolean.TRUE.equals(Members.read(eventLoop, "inEventLoop()"));
  }

  private void inEventLoop(Runnable task) {
    if (eventLoop instanceof Executor executor && !isNetworkThread()) {
      try {
        executor.execute(task);
        return;
      } catch (RejectedExecutionException stopped) {
        // The server is shutting down, and no event loop is left to race with.
      }
    }
    task.run();
  }

  /** By Netty, whose own close of a channel that is closed beneath it would be a failure. */
  @Override
  void close(SocketChannel own) throws IOException {
    if (!Members.call(channel, "close")) {
      super.close(own);
    }
  }

  @Override
  void failStream() {
    Object stream = response;
    if (stream != null) {
      Members.call(stream, "reset", CANCEL);
    }
  }

  @Override
  public boolean abort(Runnable complete) {
    if (isResponseComplete() || (channel() == null && !isMultiplexed())) {
      return false;
    }
    failWrites();
    complete.run();
    return true;
  }
}
