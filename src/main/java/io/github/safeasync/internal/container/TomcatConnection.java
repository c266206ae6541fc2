package io.github.safeasync.internal.container;

import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Tomcat 10.1 and 11, NIO connector; NIO2 has no SocketChannel, and gives all but that.
 *
 * <pre>
 * RequestFacade.request                  connector.Request; a valve has it in its hands at once
 *   .getCoyoteRequest()                  coyote.Request
 *     .hook                              AbstractProcessor: Http11Processor or StreamProcessor
 *       .socketWrapper                   SocketWrapperBase, for a stream its connection's
 *         .getSocket().getIOChannel()    NioChannel or SecureNioChannel: the SocketChannel
 *         .getEndpoint().isSSLEnabled()  AbstractEndpoint
 *         .getLock()                     Lock in 10.1, ReentrantLock in 11
 *       .processLock, .stream            StreamProcessor only
 * </pre>
 */
final class TomcatConnection extends ReachedConnection {

  private static final String CLIENT_ABORT = "org.apache.catalina.connector.ClientAbortException";

  /** Parameters.FailReason of a form whose client has left. */
  private static final Set<String> CUT_OFF = Set.of("CLIENT_DISCONNECT", "REQUEST_BODY_INCOMPLETE");

  private static final int MOST_LAYERS = 8;

  private final ServletRequest facade;
  private final Object coyote;
  private final Object processor;
  private final @Nullable Object socketWrapper;
  private final @Nullable Object stream;
  private final @Nullable Lock lock;

  /** Which of the requests it is that the object stands for, one after another. */
  private final @Nullable Object start;

  /** The StreamStateMachine of a stream, which is its own. */
  private final @Nullable Object state;

  /** Whether the end of the stream's request was seen, of which a reset leaves no trace. */
  private volatile boolean ended;

  private TomcatConnection(
      @Nullable SocketChannel channel,
      boolean multiplexed,
      boolean secure,
      ServletRequest facade,
      Object coyote,
      Object processor,
      @Nullable Object socketWrapper,
      @Nullable Object stream,
      @Nullable Lock lock) {
    super("Tomcat", channel, multiplexed, secure);
    this.facade = facade;
    this.coyote = coyote;
    this.processor = processor;
    this.socketWrapper = socketWrapper;
    this.stream = stream;
    this.lock = lock;
    this.start = Members.read(coyote, "getStartTimeNanos()");
    this.state = Members.read(stream, "state");
    String unused = streamState();
  }

  /** Looks at the stream's state; "null" if there is none. */
  private String streamState() {
    String now = String.valueOf(Members.read(state, "state"));
    if (now.equals("HALF_CLOSED_REMOTE")) {
      ended = true;
    }
    return now;
  }

  static @Nullable Connection behind(ServletRequest own) {
    Object coyote = coyote(own);
    Object processor = Members.read(coyote, "hook");
    if (coyote == null || processor == null) {
      return null;
    }
    // Tomcat keeps what it is asked, and does not know it once a stream's connection is closed.
    String unused = own.getRemoteAddr();
    Object wrapper = Members.read(processor, "socketWrapper");
    Object streamLock = Members.read(processor, "processLock");
    Object held = streamLock == null ? Members.read(wrapper, "getLock()") : streamLock;
    Object channel = Members.walk(wrapper, "getSocket()", "getIOChannel()");
    return new TomcatConnection(
        channel instanceof SocketChannel reached ? reached : null,
        streamLock != null,
        Boolean.TRUE.equals(Members.walk(wrapper, "getEndpoint()", "isSSLEnabled()")),
        own,
        coyote,
        processor,
        wrapper,
        streamLock == null ? null : Members.read(processor, "stream"),
        held instanceof Lock reached ? reached : null);
  }

  private static @Nullable Object coyote(ServletRequest own) {
    return Members.read(connector(own), "getCoyoteRequest()");
  }

  private static @Nullable Object connector(ServletRequest own) {
    return Members.has(own.getClass(), "getCoyoteRequest()") ? own : Members.read(own, "request");
  }

  /**
   * AbstractProcessor.action(CLIENT_FLUSH) keeps a write's failure in the Response; once the
   * processor has been recycled that is another request's. Tomcat recycles it under this lock
   * (SocketProcessorBase.run).
   *
   * <p>A stream's lock is left alone: its Request and Response are pooled only if the processor met
   * no error (StreamProcessor.process, reuseRequestAndResponse), and a write may hold it for as
   * long as the client credits nothing.
   */
  @Override
  public @Nullable Lock writeLock() {
    return isMultiplexed() ? null : lock;
  }

  /**
   * Tomcat 11.0.27 waits, in AsyncStateMachine.asyncPostProcess, until the client's window has room
   * for what the stream's buffer holds. It has forgotten the WriteListener by then (asyncComplete),
   * so WindowAllocationManager.notify wakes a blocked writer, of which there is none: the end of
   * the body is never sent.
   */
  @Override
  public boolean needsFlushBeforeEnd() {
    return stream != null;
  }

  /**
   * With a WriteListener such a response is never ready and its head is never sent, on 10.1.61 and
   * 11.0.27; without one, 11.0.27 sends no head that is left to complete() where nothing was
   * written but a Content-Length is declared. ContainerFaultsIT shows both.
   */
  @Override
  public boolean losesHeadResponses() {
    return stream != null;
  }

  /**
   * AsyncContextImpl.doInternalDispatch tells of the completion; StandardHostValve, which is around
   * it, makes the error page of what it finds in the request afterwards.
   */
  @Override
  public boolean completesOnDispatchThread() {
    return true;
  }

  /**
   * A stream's reset is told to AsyncListeners alone: not to a synchronous request. Its state,
   * which is its own, says so, and after the connection's end as well
   * (Http2UpgradeHandler.closeStreams).
   */
  @Override
  public @Nullable BooleanSupplier streamOpen() {
    return state == null ? null : () -> !"CLOSED_RST_RX".equals(streamState());
  }

  /**
   * Stream.reserveWindowSize takes whatever wakes a writer for a timeout, unless the window has
   * room.
   */
  @Override
  public boolean isStreamReset() {
    BooleanSupplier open = streamOpen();
    return open != null && !open.getAsBoolean();
  }

  /**
   * Http2UpgradeHandler.close() sets its state before it resets every stream, as GOAWAY does; the
   * channel is closed a moment later, on another thread than those that hear of the resets.
   */
  @Override
  public boolean isLost() {
    Object state = Members.walk(stream, "handler", "connectionState", "get()");
    return "CLOSED".equals(String.valueOf(state)) || super.isLost();
  }

  /**
   * While a request is asynchronous, ConnectionHandler.longPoll leaves the Poller without interest.
   * With a ReadListener, a question for more reads what comes behind the body into the input buffer
   * (Http11InputBuffer.available); a handshake done again reads its records.
   */
  @Override
  public boolean isAtRest() {
    return !isMultiplexed()
        && Members.read(socketWrapper, "interestOps()") instanceof Integer interest
        && (interest & SelectionKey.OP_READ) == 0
        && !Boolean.FALSE.equals(
            Members.walk(socketWrapper, "getSocket()", "isHandshakeComplete()"))
        && Members.read(coyote, "getReadListener()") == null
        && !isOver();
  }

  /** Http11OutputBuffer.commit() says so before it writes. */
  @Override
  public boolean isUnanswered() {
    return Boolean.FALSE.equals(Members.walk(coyote, "getResponse()", "isCommitted()"))
        && !isOver();
  }

  /**
   * A stream that was taken back reads as at its end until its request is recycled
   * (Stream.StandardStreamInputBuffer.doRead). coyote.Request counts what anybody has read. Tomcat
   * 10.1 takes a form that was cut off for one without parameters, and remembers why.
   */
  @Override
  public boolean isBodyCut(long received) {
    Object reason = Members.walk(coyote, "getParameters()", "getParseFailedReason()");
    return CUT_OFF.contains(String.valueOf(reason)) || isMissed(received) || isTakenBack();
  }

  /** Whether a stream that announces no length was reset before its end was seen. */
  private boolean isTakenBack() {
    return streamState().startsWith("CLOSED_RST") && !ended && !isAnnounced();
  }

  private boolean isAnnounced() {
    return Members.read(coyote, "getContentLengthLong()") instanceof Long announced
        && announced >= 0;
  }

  private boolean isMissed(long received) {
    return Members.read(coyote, "getContentLengthLong()") instanceof Long announced
        && received < announced
        && Members.read(coyote, "getBytesRead()") instanceof Long read
        && read < announced;
  }

  @Override
  public boolean isBodyRead(long announced) {
    return Members.read(coyote, "getBytesRead()") instanceof Long read
        && read >= announced
        && !isOver();
  }

  /** Http11OutputBuffer.checkLengthBeforeWrite; HTTP/2 sends as many frames as it takes. */
  @Override
  public int headLimit() {
    return Members.walk(processor, "outputBuffer", "headerBuffer") instanceof ByteBuffer room
        ? room.capacity()
        : Integer.MAX_VALUE;
  }

  /**
   * StreamProcessor.process holds it, and AsyncStateMachine.asyncPostProcess, from which listeners
   * hear of the completion, has the monitor that asyncComplete takes.
   *
   * <p>Tomcat 11.0.27 flushes what a WriteListener has left in the stream's buffer once it is
   * completed (AsyncStateMachine.asyncPostProcess). If the stream has been reset that throws, which
   * StreamProcessor.process takes for an error of the connection.
   */
  @Override
  public @Nullable Lock streamCloseLock() {
    return isMultiplexed() ? lock : null;
  }

  /** AbstractProcessor.action(CLIENT_FLUSH) and the like set the error state before they throw. */
  @Override
  public boolean isBroken() {
    Object allowed = Members.walk(processor, "errorState", "isIoAllowed()");
    return Boolean.FALSE.equals(allowed) || isClosed();
  }

  /** A facade lets go of its request when that is recycled, unless discardFacades is off. */
  @Override
  public boolean isOver() {
    return coyote(facade) != coyote
        || !Objects.equals(start, Members.read(coyote, "getStartTimeNanos()"));
  }

  /**
   * StandardWrapperValve and ApplicationDispatcher log every other IOException as an ERROR, and go
   * by the last of a ServletException's causes.
   */
  @Override
  public Exception ofLostClient(Exception thrown, IOException said) {
    IOException lost = Members.exception(coyote, CLIENT_ABORT, said.getMessage());
    if (lost == null) {
      return thrown;
    } else if (thrown == said) {
      lost.initCause(said);
      return lost;
    } else if (isWrapped(thrown, said)) {
      ServletException wrapping = new ServletException(thrown.getMessage(), lost);
      wrapping.addSuppressed(thrown);
      return wrapping;
    }
    return thrown;
  }

  private static boolean isWrapped(Throwable thrown, IOException said) {
    Throwable at = thrown;
    for (int depth = 0; at instanceof ServletException && depth < MOST_LAYERS; depth++) {
      at = at.getCause();
    }
    return at == said;
  }

  /**
   * CLOSE_NOW swallows what is left of the response and dispatches ERROR, in which Tomcat ends the
   * exchange: HTTP/1.1 closes the connection, StreamProcessor.process resets the stream. Completing
   * it before that, which only the lock makes sure of, keeps Tomcat from making an error page of it
   * (AbstractProcessor.setErrorState, AsyncContextImpl.setErrorState), and a late complete() from
   * reaching the next request, for which the AsyncContextImpl is used again.
   */
  @Override
  public boolean abort(Runnable complete) {
    if (lock == null) {
      return false;
    }
    lock.lock();
    try {
      if (isOver()) {
        return false;
      }
      resetOnClose();
      swallowCloseNotify();
      if (!closeNow()) {
        return false;
      }
      complete.run();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * An error is a 500 in the access log, whatever the status was (CoyoteAdapter.asyncDispatch). So
   * HTTP/1.1 is completed as it is, with nothing left to send, and closed after that. Not where a
   * part is on its way, for which Tomcat would wait, or has failed already.
   */
  @Override
  public boolean leave(Runnable complete) {
    if (lock == null || isMultiplexed()) {
      return abort(complete);
    }
    lock.lock();
    try {
      if (isBroken() || isOver() || !dropResponse()) {
        return abort(complete);
      }
      resetOnClose();
      swallowCloseNotify();
      complete.run();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Http11Processor.dispatchEndRequest() closes at once where keepAlive is off; what the buffers
   * hold is forgotten, and a head that was not sent is taken for one that was.
   */
  private boolean dropResponse() {
    Object buffers = Members.walk(connector(facade), "getResponse()", "outputBuffer");
    Object answer = Members.read(coyote, "getResponse()");
    if (answer == null
        || !(Members.read(buffers, "bb") instanceof Buffer bytes)
        || !(Members.read(buffers, "cb") instanceof Buffer chars)
        || !Boolean.FALSE.equals(Members.read(socketWrapper, "hasDataToWrite()"))
        || !Members.set(processor, "keepAlive", false)) {
      return false;
    }
    bytes.clear().limit(0);
    chars.clear().limit(0);
    return Members.call(answer, "setCommitted", true)
        && Members.call(processor, "setSwallowResponse")
        && Members.call(processor, "disableSwallowRequest");
  }

  /**
   * SecureNioChannel.close() would send it before the reset. Once the engine has given it, it gives
   * it to nobody else. Under the connection's lock, where nobody writes.
   */
  private void swallowCloseNotify() {
    boolean own = !isMultiplexed();
    if (own
        && Members.walk(socketWrapper, "getSocket()", "getSslEngine()") instanceof SSLEngine tls) {
      ByteBuffer dropped = ByteBuffer.allocate(tls.getSession().getPacketBufferSize());
      try {
        tls.closeOutbound();
        tls.wrap(ByteBuffer.allocate(0), dropped);
      } catch (SSLException | RuntimeException closedAlready) {
        // There is nothing left to say.
      }
    }
  }

  /**
   * A writer that NioSocketWrapper.doWrite has wait looks at the channel once it is notified; the
   * Poller would tell it, only if its selector still had it. Where no writer waits the close is
   * left to Tomcat: the Poller recycles the processor of a channel that it finds closed.
   */
  @Override
  void close(SocketChannel own) throws IOException {
    super.close(own);
    Object waiting = Members.read(socketWrapper, "writeLock");
    if (waiting != null) {
      synchronized (waiting) {
        waiting.notifyAll();
      }
    }
  }

  /** A channel that lingers no more is closed once the Poller's selector has let it go. */
  @Override
  public void hastenClose() {
    if (Members.walk(socketWrapper, "getPoller()", "getSelector()") instanceof Selector selector) {
      selector.wakeup();
    }
  }

  /**
   * Http2UpgradeHandler.sendStreamReset makes the stream one that cannot be written to, and tells
   * the client; a writer that waits for either window looks at that once it is woken. Without the
   * reset it would take that for a timeout, and close the connection with all its streams
   * (Http2UpgradeHandler.reserveWindowSize).
   */
  @Override
  void failStream() {
    Object handler = Members.read(stream, "handler");
    if (stream == null || handler == null || state == null || isOver()) {
      return;
    }
    Members.call(stream, "doStreamCancel", AbortedException.MESSAGE, "CANCEL");
    Object reset = Members.read(stream, "getResetException()");
    if (reset != null) {
      Members.call(handler, "sendStreamReset", state, reset);
    }
    Members.call(stream, "cancelAllocationRequests");
  }

  /**
   * {@code coyote.Request.action(ActionCode.CLOSE_NOW, exception)}. Where the container's thread is
   * still in the servlet, StreamProcessor.service ends the response properly all the same, unless
   * the stream was cancelled: {@code Stream.doStreamCancel(message, Http2Error.CANCEL)}, which
   * throws what it wants its callers to throw.
   */
  private boolean closeNow() {
    if (stream != null) {
      Members.call(stream, "doStreamCancel", AbortedException.MESSAGE, "CANCEL");
    }
    return Members.call(coyote, "action", "CLOSE_NOW", new AbortedException());
  }

  /** What Tomcat tells its AsyncListeners; an IOException keeps it from changing the status. */
  private static final class AbortedException extends IOException {
    private static final long serialVersionUID = 1L;

    static final String MESSAGE = "The response was aborted";

    AbortedException() {
      super(MESSAGE);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
