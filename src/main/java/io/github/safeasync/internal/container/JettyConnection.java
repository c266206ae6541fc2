package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Jetty 12.1, ee10 and ee11. Public methods only, so nothing has to be opened.
 *
 * <pre>
 * ServletApiRequest.getServletRequestInfo()      ServletContextRequest, a core Request
 *   .getConnectionMetaData().getConnection()     Connection of one HTTP/1.1 or HTTP/2 connection
 *     .getEndPoint()                             SocketChannelEndPoint, or in front of it
 *       EndPoint.Wrapper.unwrap()                  ProxyConnectionFactory.ProxyEndPoint
 *       SslConnection.SslEndPoint.getTransport()   the encrypted EndPoint
 *     .getTransport()                            the SocketChannel
 * </pre>
 *
 * ForwardedRequestCustomizer wraps the ConnectionMetaData, but not its Connection.
 */
final class JettyConnection extends ReachedConnection {

  /** {@code jakarta.servlet.http.HttpServletResponse.sendError(-1)} aborts: ServletApiResponse. */
  private static final int ABORT = -1;

  private static final String EOF = "org.eclipse.jetty.io.EofException";

  /** The attribute in which a form is kept. */
  private static final String FORM = "org.eclipse.jetty.server.FormFields";

  private static final int MOST_LAYERS = 8;

  /** The HTTP2Stream of an HttpStreamOverHTTP2. */
  private static final String STREAM = "_stream";

  private final @Nullable Object request;
  private final @Nullable Object response;
  private final @Nullable Object endPoint;
  private final @Nullable Object httpStream;
  private final @Nullable Object stream;

  /** Whether the stream's last frame was seen to be read, of which its failure leaves no trace. */
  private volatile boolean given;

  private JettyConnection(
      @Nullable SocketChannel channel,
      boolean multiplexed,
      boolean secure,
      @Nullable Object request,
      @Nullable Object endPoint) {
    super("Jetty", channel, multiplexed, secure);
    this.request = request;
    this.response = response(request);
    this.endPoint = endPoint;
    this.httpStream = multiplexed ? httpStream(request) : null;
    this.stream = Members.read(httpStream, STREAM);
  }

  /** The ServletApiResponse, which Jetty 12.1.8 gives by its other name alone. */
  private static @Nullable Object response(@Nullable Object request) {
    Object named = Members.read(request, "getServletApiResponse()");
    return named == null ? Members.read(request, "getHttpServletResponse()") : named;
  }

  /**
   * The HttpStreamOverHTTP2 below the wrappers of request and stream. Jetty uses neither it nor its
   * HTTP2Stream again.
   */
  private static @Nullable Object httpStream(@Nullable Object request) {
    Object at = request;
    for (int layer = 0; layer < MOST_LAYERS && at != null; layer++) {
      if (Members.read(at, STREAM) != null) {
        return at;
      }
      Object below = Members.read(at, "getHttpStream()");
      at = below == null ? Members.read(at, "getWrapped()") : below;
    }
    return null;
  }

  static @Nullable Connection behind(ServletRequest own) {
    Object request = Members.read(own, "getServletRequestInfo()");
    Object metaData = Members.read(request, "getConnectionMetaData()");
    if (metaData == null) {
      return null;
    }
    Object endPoint = Members.walk(metaData, "getConnection()", "getEndPoint()");
    Object version = Members.walk(metaData, "getHttpVersion()", "getVersion()");
    return new JettyConnection(
        channel(endPoint),
        version instanceof Integer number && number >= 20,
        Boolean.TRUE.equals(Members.read(endPoint, "isSecure()")),
        request,
        endPoint);
  }

  private static @Nullable SocketChannel channel(@Nullable Object endPoint) {
    Object transport = Members.read(lowest(endPoint), "getTransport()");
    return transport instanceof SocketChannel channel ? channel : null;
  }

  /** The EndPoint of the socket itself. */
  private static @Nullable Object lowest(@Nullable Object endPoint) {
    Object at = endPoint;
    for (int layer = 0; layer < MOST_LAYERS && at != null; layer++) {
      Object wrapped = Members.read(at, "unwrap()");
      Object inner = wrapped == null ? Members.read(at, "getTransport()") : wrapped;
      if (inner instanceof SocketChannel) {
        return at;
      }
      at = inner;
    }
    return null;
  }

  /**
   * Jetty reads an HTTP/2 connection all the time, and so knows of its end. After GOAWAY and FIN it
   * fails only the streams whose request is incomplete ({@code
   * HTTP2Session.StreamsState.onShutdown}, state CLOSING), though nothing can credit the flow
   * control of the others any more. A stream's reset that comes while the servlet is being called
   * is logged and told to nobody, be the request asynchronous by then or not.
   */
  @Override
  public @Nullable BooleanSupplier streamOpen() {
    Object connection = endPoint;
    return isMultiplexed() && connection != null ? () -> isOpen(connection) && !isReset() : null;
  }

  @Override
  public boolean isLost() {
    Object connection = endPoint;
    return connection != null && !isOpen(connection);
  }

  @Override
  public boolean isBroken() {
    return isClosed();
  }

  /** Jetty resets a stream itself that has been idle, whose client still waits. */
  private boolean isReset() {
    Object byClient = Members.read(stream, "remoteReset");
    return Boolean.TRUE.equals(byClient == null ? Members.read(stream, "isReset()") : byClient);
  }

  private static boolean isOpen(Object endPoint) {
    return !Boolean.FALSE.equals(Members.read(endPoint, "isOpen()"))
        && !Boolean.TRUE.equals(Members.read(endPoint, "isInputShutdown()"));
  }

  /**
   * HttpConnection fills its buffer for the next request (onFillable) and for content
   * (parseAndFillForContent), SslConnection for either or its handshake; all but a read of content,
   * of which nothing is left, are interested in it before.
   */
  @Override
  public boolean isAtRest() {
    return !isMultiplexed()
        && Boolean.FALSE.equals(Members.read(lowest(endPoint), "isFillInterested()"))
        && !isOver();
  }

  @Override
  public boolean isUnanswered() {
    return Boolean.FALSE.equals(Members.read(response, "isCommitted()")) && !isOver();
  }

  /** ServletChannel, which is used again, lets go of the request when that has been completed. */
  @Override
  public boolean isOver() {
    return request != Members.walk(request, "getServletChannel()", "getServletContextRequest()");
  }

  /**
   * AsyncContextEvent.run() passes over a timeout that comes before
   * ServletChannelState.nextAction() has noted the timer's task.
   */
  @Override
  public boolean isTimeoutPending() {
    return Boolean.TRUE.equals(Members.read(asyncEvent(), "hasTimeoutTask()")) && !isOver();
  }

  /** ServletChannelState.timeout() does nothing unless the request still waits. */
  @Override
  public void timeOut() {
    if (asyncEvent() instanceof Runnable timeout && !isOver()) {
      timeout.run();
    }
  }

  private @Nullable Object asyncEvent() {
    return Members.walk(
        request, "getServletChannel()", "getServletRequestState()", "getAsyncContextEvent()");
  }

  /** A QuietException, for which ServletChannel.handleException looks among all the causes. */
  @Override
  public Exception ofLostClient(Exception thrown, IOException said) {
    IOException lost = Members.exception(endPoint, EOF, said.getMessage());
    if (lost == null) {
      return thrown;
    } else if (thrown == said) {
      lost.initCause(said);
      return lost;
    } else if (said.getCause() == null) {
      said.initCause(lost);
    }
    return thrown;
  }

  /**
   * A stream that fails, or is reset, throws away the frames that wait to be read, all but the end
   * of the last one (HTTP2Stream.drain, HttpChannelState.onFailure). Who reads in this moment,
   * before ServletChannel knows, is given that end behind a hole.
   */
  @Override
  public boolean isBodyCut(long received) {
    return !isBodyGiven() && isFailed();
  }

  /** A trailer closes the stream before its data are read. */
  @Override
  public boolean isBodyGiven() {
    if (!given
        && Boolean.TRUE.equals(Members.read(stream, "isRemotelyClosed()"))
        && Long.valueOf(0).equals(Members.read(stream, "getDataLength()"))) {
      given = !isFailed();
    }
    return given;
  }

  private boolean isFailed() {
    return Boolean.TRUE.equals(Members.read(stream, "isResetOrFailed()"));
  }

  /** HttpInput counts what is read of a stream; what was a form is kept by FormFields. */
  @Override
  public boolean isBodyRead(long announced) {
    boolean isStream =
        Members.walk(request, "getHttpInput()", "getContentConsumed()") instanceof Long read
            && read >= announced;
    return (isStream || isForm()) && !isOver();
  }

  private boolean isForm() {
    return Members.read(request, "getServletApiRequest()") instanceof ServletRequest own
        && own.getAttribute(FORM) instanceof CompletableFuture<?> form
        && form.isDone()
        && !form.isCompletedExceptionally();
  }

  @Override
  public int headLimit() {
    Object settings = Members.walk(request, "getConnectionMetaData()", "getHttpConfiguration()");
    return Members.read(settings, "getMaxResponseHeaderSize()") instanceof Integer most
            && Members.read(settings, "getResponseHeaderSize()") instanceof Integer first
        ? Math.max(most, first)
        : super.headLimit();
  }

  @Override
  public boolean isAbort(int status) {
    return status == ABORT;
  }

  /** SocketChannelEndPoint.close() fails who waits for it, and has its ManagedSelector let go. */
  @Override
  void close(SocketChannel own) throws IOException {
    if (lowest(endPoint) instanceof Closeable reached) {
      reached.close();
    } else {
      super.close(own);
    }
  }

  /**
   * HttpStreamOverHTTP2.failed() resets the stream, below what Jetty uses again; HTTP2Flusher then
   * drops what waits for its window, and so fails its writer.
   */
  @Override
  void failStream() {
    if (httpStream != null) {
      Members.call(httpStream, "failed", new IOException("The response was cut off"));
    }
  }

  /**
   * sendError(-1) is ServletChannel.abort(AbortException): HTTP/1.1 closes the connection, HTTP/2
   * resets the stream (HttpStream.failed). It ends the exchange by itself, on another thread, so
   * completing it as well would meet a recycled ServletChannelState. AsyncListeners hear nothing of
   * it. Late, it would end the next request, which has the same ServletChannel.
   */
  @Override
  public boolean abort(Runnable complete) {
    if (!(response instanceof HttpServletResponse aborted) || isOver()) {
      return false;
    }
    reset();
    try {
      aborted.sendError(ABORT);
      return true;
    } catch (IOException | RuntimeException | LinkageError unreachable) {
      return false;
    }
  }
}
