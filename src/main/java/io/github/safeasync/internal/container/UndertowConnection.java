package io.github.safeasync.internal.container;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Undertow 2.3 with XNIO 3.8.
 *
 * <pre>
 * HttpServletRequestImpl.getExchange().getConnection()   a ServerConnection
 *   HttpServerConnection.getChannel()                    its StreamConnection
 *   Http2ServerConnection.channel                        Http2Channel, one a connection
 *     AbstractFramedChannel.getUnderlyingConnection()    its StreamConnection
 *   Http2ServerConnection.responseChannel                the stream
 * StreamConnection: UndertowSslConnection.delegate, proxy protocol's AddressWrappedConnection
 *   .delegate, JsseSslStreamConnection.connection; in the end
 *   NioSocketStreamConnection.conduit.getSocketChannel() the SocketChannel
 * </pre>
 */
final class UndertowConnection extends ReachedConnection {

  private static final int MOST_LAYERS = 8;

  /** States of AbstractFramedStreamSourceChannel. */
  private static final int DONE = 1 << 1;

  private static final int CLOSED = 1 << 4;
  private static final int BROKEN = 1 << 7;

  private static final String READER = "reader";

  private static final String FORM = "io.undertow.server.handlers.form.FormData";

  private final Object request;
  private final Object exchange;
  private final Object connection;
  private final @Nullable Object ioThread;

  /** The NioSocketConduit, below TLS. */
  private final @Nullable Object conduit;

  /** The SslConduit of an HTTP/1.1 connection; Http2Channel sees to its own. */
  private final @Nullable Object tls;

  private UndertowConnection(
      @Nullable SocketChannel channel,
      boolean multiplexed,
      boolean secure,
      Object request,
      Object exchange,
      Object connection,
      @Nullable Object conduit) {
    super("Undertow", channel, multiplexed, secure);
    this.request = request;
    this.exchange = exchange;
    this.connection = connection;
    this.conduit = conduit;
    this.ioThread = Members.read(exchange, "getIoThread()");
    this.tls =
        secure && !multiplexed ? Members.walk(connection, "getChannel()", "sslConduit") : null;
  }

  static @Nullable Connection behind(ServletRequest own) {
    Object exchange = Members.read(own, "getExchange()");
    Object connection = Members.read(exchange, "getConnection()");
    if (exchange == null || connection == null) {
      return null;
    }
    boolean multiplexed = Members.has(connection.getClass(), "responseChannel");
    Object stream =
        multiplexed
            ? Members.walk(connection, "channel", "getUnderlyingConnection()")
            : Members.read(connection, "getChannel()");
    // org.xnio.ssl.SslConnection; the exchange's own SSL information can come from a header
    boolean secure = stream != null && Members.has(stream.getClass(), "getSslSession()");
    Object at = stream;
    for (int layer = 0; layer < MOST_LAYERS && at != null; layer++) {
      Object conduit = Members.read(at, "conduit");
      if (Members.read(conduit, "getSocketChannel()") instanceof SocketChannel reached) {
        return new UndertowConnection(
            reached, multiplexed, secure, own, exchange, connection, conduit);
      }
      Object inner = Members.read(at, "delegate");
      at = inner == null ? Members.read(at, "connection") : inner;
    }
    return new UndertowConnection(null, multiplexed, secure, own, exchange, connection, null);
  }

  /**
   * Http2Channel resets it at RST_STREAM and GOAWAY, and tells no AsyncListener. It closes with the
   * last byte of the response as well, long before complete() perhaps: that is no hang-up.
   */
  @Override
  public @Nullable BooleanSupplier streamOpen() {
    Object stream = isMultiplexed() ? Members.read(connection, "responseChannel") : null;
    return stream == null ? null : () -> !isReset(stream) && isOpen(connection);
  }

  private static boolean isReset(Object stream) {
    return Boolean.TRUE.equals(Members.read(stream, "reset"));
  }

  /**
   * A stream that is reset has its write listener called (Http2StreamSinkChannel.rstStream, close),
   * unless a frame waits to be sent. Undertow itself sets one only where it puts a conduit in front
   * of the stream, and always for the same channel.
   */
  @Override
  public @Nullable Runnable onReset(Runnable told) {
    Object stream = isMultiplexed() ? Members.read(connection, "responseChannel") : null;
    Object setter = Members.read(stream, "getWriteSetter()");
    return stream == null || setter == null
        ? null
        : WriteListenerTap.insert(
            setter,
            () -> {
              if (isReset(stream) && isByClient(stream)) {
                told.run();
              }
            });
  }

  /**
   * Http2Channel.handleRstStream notes it of a stream that has nothing more to read, before its I/O
   * thread calls the listener. Where Undertow resets a stream, as an exchange ends, it does not.
   */
  private boolean isByClient(Object stream) {
    Object channel = Members.read(connection, "channel");
    Object streams = Members.walk(channel, "resetStreamTracker", "streamHolders");
    Object id = Members.read(stream, "getStreamId()");
    boolean isNoted =
        id != null
            && streams instanceof Map<?, ?> known
            && Boolean.TRUE.equals(Members.read(known.get(id), "resetByPeer"));
    return isNoted || Boolean.TRUE.equals(Members.read(channel, "peerGoneAway"));
  }

  @Override
  public boolean isLost() {
    return !isOpen(connection);
  }

  /**
   * HttpReadListener suspends reads before the request is handled, and resumes them for the next
   * once the exchange is complete, be that before complete() is called. SslConduit resumes them for
   * its handshake.
   */
  @Override
  public boolean isAtRest() {
    return !isMultiplexed()
        && Boolean.FALSE.equals(Members.read(conduit, "isReadResumed()"))
        && !isResponseComplete();
  }

  @Override
  public boolean isUnanswered() {
    return Boolean.FALSE.equals(Members.read(exchange, "isResponseStarted()"));
  }

  @Override
  public boolean isBroken() {
    return isClosed();
  }

  private static boolean isOpen(Object channel) {
    return !Boolean.FALSE.equals(Members.read(channel, "isOpen()"));
  }

  /**
   * ServletInitialHandler.handleFirstRequest: the error page is given the request and response that
   * were dispatched, as AsyncContextImpl.handleError uses them, and the completion is told last.
   */
  @Override
  public boolean completesOnDispatchThread() {
    return true;
  }

  /**
   * A flush that fails takes back that the exchange was dispatched (ServletOutputStreamImpl.flush):
   * the servlet's thread ends it (Connectors.executeRootHandler), and its attributes go
   * (HttpServletRequestImpl.freeResources).
   */
  @Override
  public boolean clearsOnReturn() {
    return true;
  }

  /**
   * LoggingExceptionHandler logs an IOException as DEBUG, and anything else as an ERROR: twice
   * after a part of the response (AsyncContextImpl.handleError), unless a write of its own has
   * failed.
   */
  @Override
  public Exception ofLostClient(Exception thrown, IOException said) {
    return said;
  }

  @Override
  public boolean isResponseComplete() {
    return Boolean.TRUE.equals(Members.read(exchange, "isComplete()"));
  }

  /**
   * A cancelled stream ends its exchange's request (Connectors.terminateRequest), which reads as
   * its end, though no frame has said so. What was read of one that was lost may be other bytes. On
   * HTTP/1.1 it is a reader that misses the end, see {@link #isBodyRead}. RequestEncodingHandler
   * takes the length away from what it decodes.
   */
  @Override
  public boolean isBodyCut(long received) {
    if (isMultiplexed()) {
      return Boolean.FALSE.equals(isStreamComplete()) || isBodyLost();
    }
    return received > 0
        && Members.read(exchange, "getRequestContentLength()") instanceof Long announced
        && received < announced
        && !isBodyRead(announced);
  }

  /** Null where there is no telling. */
  private @Nullable Object isStreamComplete() {
    return Members.walk(connection, "requestChannel", "isComplete()");
  }

  /**
   * A stream that is reset, or whose connection is lost, gives its frames away without waiting for
   * who reads them (AbstractFramedStreamSourceChannel.markStreamBroken, close). The reader meets a
   * NullPointerException, a buffer that is freed, or in it what another connection has received.
   * One whose last frame had come may stay as it is: then all can be read.
   */
  @Override
  public boolean isBodyLost() {
    return isMultiplexed()
        && Members.walk(connection, "requestChannel", "state") instanceof Integer state
        && ((state & BROKEN) != 0 || (state & (CLOSED | DONE)) == CLOSED);
  }

  /**
   * A stream ends as such if all has come, and throws once if not
   * (AbstractFixedLengthStreamSourceConduit.exitRead); a reader swallows that (java.io's
   * StreamDecoder, of available()), and what is read behind it is the end: of the body, unless
   * Undertow has met that of the connection.
   */
  @Override
  public boolean isBodyRead(long announced) {
    if (isMultiplexed()) {
      return Boolean.TRUE.equals(isStreamComplete());
    }
    boolean isText =
        !Members.has(request.getClass(), READER) || Members.read(request, READER) != null;
    return !isText || isForm() || isReadOn();
  }

  /** Whether no end of the connection has been met (NioSocketConduit.terminateReads). */
  private boolean isReadOn() {
    SocketChannel own = channel();
    return own != null
        && own.isOpen()
        && !own.socket().isInputShutdown()
        && (!isSecure() || Boolean.FALSE.equals(Members.walk(tls, "engine", "isInboundDone()")));
  }

  /** FormDataParser keeps it once it has read all, for the request or a handler in front of it. */
  private boolean isForm() {
    try {
      return Members.read(request, "parsedFormData") != null
          || (Members.read(exchange, "attachments") instanceof Map<?, ?> attachments
              && attachments.values().stream().anyMatch(UndertowConnection::isForm));
    } catch (RuntimeException changing) {
      return false;
    }
  }

  private static boolean isForm(Object attachment) {
    return attachment.getClass().getName().equals(FORM);
  }

  @Override
  public boolean isUnavailable() {
    return isUnavailable(request, exchange);
  }

  /** ServletHandler.handleRequest sets the status, behind all filters, and lets nothing out. */
  static boolean isUnavailable(Object request, Object exchange) {
    Object status = Members.read(exchange, "getStatusCode()");
    Object servlet =
        Members.walk(
            request,
            "asyncContext",
            "servletRequestContext",
            "getCurrentServlet()",
            "getManagedServlet()");
    return (Integer.valueOf(503).equals(status)
            && Boolean.TRUE.equals(Members.read(servlet, "isTemporarilyUnavailable()")))
        || (Integer.valueOf(404).equals(status)
            && Boolean.TRUE.equals(Members.read(servlet, "isPermanentlyUnavailable()")));
  }

  @Override
  public int headLimit() {
    return Integer.MAX_VALUE;
  }

  @Override
  public boolean hasErrorPage(int status) {
    return hasErrorPage(request, status);
  }

  /** HttpServletResponseImpl.doErrorDispatch asks ErrorPages.getErrorLocation. */
  static boolean hasErrorPage(Object request, int status) {
    Object pages =
        Members.walk(request, "getServletContext()", "getDeployment()", "getErrorPages()");
    boolean isKnown =
        Members.read(pages, "errorCodeLocations") instanceof Map<?, ?> ofStatus
            && !ofStatus.containsKey(status);
    return !isKnown || Members.read(pages, "defaultErrorPage") != null;
  }

  /**
   * A writer waits with a selector of its own (NioSocketConduit.awaitWritable), which a close does
   * not wake, and which keeps the channel from being closed; that it cannot be written to does. The
   * client, which has not taken what was sent before, sees the reset first.
   */
  @Override
  void failConnection() {
    SocketChannel own = channel();
    if (own == null) {
      return;
    }
    resetOnClose();
    try {
      own.shutdownOutput();
    } catch (IOException | RuntimeException closedAlready) {
      // Nobody waits any more.
    }
    inIoThread(this::reset);
  }

  /**
   * Http2StreamSinkChannel.close() resets the stream and wakes who waits for its window; a reset
   * alone (Http2StreamSinkChannel.rstStream) does not where a frame waits to be sent.
   */
  @Override
  void failStream() {
    if (Members.read(connection, "responseChannel") instanceof Closeable stream) {
      inIoThread(() -> close(stream));
    }
  }

  private static void close(Closeable channel) {
    try {
      channel.close();
    } catch (IOException | RuntimeException | LinkageError closedAlready) {
      // What is left is to end the exchange.
    }
  }

  /**
   * HttpServerConnection.close() closes the connection, Http2ServerConnection.close() resets the
   * stream only.
   */
  @Override
  public boolean abort(Runnable complete) {
    if (!(connection instanceof Closeable closeable) || isResponseComplete()) {
      return false;
    }
    inIoThread(
        () -> {
          reset();
          close(closeable);
          complete.run();
        });
    return true;
  }

  /**
   * A stream belongs to its I/O thread ("the IO thread can be racing with the dispatch thread",
   * AsyncContextImpl.completeInternal). On any other thread, a failing flush, a complete() or a
   * sendError() leads to ServletOutputStreamImpl.closeAsync(), which logs a closed connection as an
   * ERROR (UT005088); so does the connection's close(), where the client has not taken all of a
   * write.
   */
  @Override
  public @Nullable Executor streamThread() {
    return this::inIoThread;
  }

  /**
   * ServletInputStreamImpl and ServletOutputStreamImpl call their listeners on it, the failures of
   * which they tell as well.
   */
  @Override
  public boolean isNetworkThread() {
    return ioThread == Thread.currentThread();
  }

  /**
   * WriteTimeoutStreamSinkConduit and IdleTimeoutConduit close the connection and have a bare
   * ClosedChannelException thrown, as after a departure. The first forgets when the time is over as
   * it throws, or while nothing is to be written; so a stream that is closed alone was not closed
   * by them.
   */
  @Override
  public boolean isTimedOut() {
    if (isMultiplexed() && !isLost()) {
      return false;
    }
    Object conduit =
        isMultiplexed()
            ? Members.walk(
                connection,
                "channel",
                "getUnderlyingConnection()",
                "getSinkChannel()",
                "getConduit()")
            : Members.read(connection, "getOriginalSinkConduit()");
    for (int layer = 0; layer < MOST_LAYERS && conduit != null; layer++) {
      if (Members.read(conduit, "timedOut") instanceof Boolean timedOut) {
        return timedOut;
      }
      if (Members.read(conduit, "expireTime") instanceof Long expires) {
        return expires == -1 || System.currentTimeMillis() >= expires;
      }
      conduit = Members.read(conduit, "next");
    }
    return false;
  }

  /**
   * ServletOutputStreamImpl.setWriteListener has the first call made by the I/O thread, where
   * WriteChannelListener.handleEvent takes its channel for granted if the request was completed
   * meanwhile.
   */
  @Override
  public boolean awaitsWriteListener() {
    return true;
  }

  /**
   * SslConduit keeps the part of a record that the socket did not take. It would go out with the
   * next write: ServletOutputStreamImpl.flushInternal does not look whether its channel was
   * flushed.
   */
  @Override
  public boolean holdsBack() {
    return Members.read(tls, "wrappedData") != null;
  }

  @Override
  public boolean resumeWrites(ServletOutputStream stream) {
    Object channel = Members.read(stream, "channel");
    return channel != null && Members.call(channel, "resumeWrites");
  }

  private void inIoThread(Runnable task) {
    if (ioThread instanceof Executor executor && ioThread != Thread.currentThread()) {
      try {
        executor.execute(task);
        return;
      } catch (RejectedExecutionException stopped) {
        // The server is shutting down, and no I/O thread is left to race with.
      }
    }
    task.run();
  }
}
