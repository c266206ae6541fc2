package io.github.safeasync;

import io.github.safeasync.container.Connection;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * The container's objects of one exchange, and every call that {@link SafeAsyncResponse} makes of
 * them. The calls come from the outbox, inside the lifecycle, and from the one thread that closes;
 * after that the objects are forgotten.
 */
final class ContainerSide implements Outbox.Sink {

  /** The container's objects, dropped in one step. */
  private record Objects(HttpServletRequest request, HttpServletResponse response) {}

  private final Exchange exchange;
  private final Outbox outbox;
  private final ResponseHead head = new ResponseHead();
  private final boolean http2;
  private final boolean headRequest;
  private volatile @Nullable Objects objects;
  private volatile @Nullable AsyncContext context;
  private volatile @Nullable Connection connection;
  private @Nullable ServletOutputStream stream;

  /** The container's timeout, for an application that takes over a cycle of the library's. */
  private volatile long ownTimeout;

  private Framing framing = Framing.UNKNOWN;

  /** Set before the write listener, and so before anything that belongs to the stream's thread. */
  private volatile boolean streaming;

  /** The container's thread that is calling onWritePossible, which may write at once. */
  private volatile @Nullable Thread caller;

  ContainerSide(Exchange exchange, HttpServletRequest request, HttpServletResponse response) {
    this.exchange = exchange;
    this.objects = new Objects(request, response);
    this.http2 = "HTTP/2.0".equals(request.getProtocol());
    this.headRequest = "HEAD".equals(request.getMethod());
    this.outbox = new Outbox(this, exchange.exchanges().limits());
  }

  Outbox outbox() {
    return outbox;
  }

  ResponseHead head() {
    return head;
  }

  boolean isHttp2() {
    return http2;
  }

  @Nullable Connection connection() {
    return connection;
  }

  /** The lock to hold around a write; null where none has to be. */
  @Nullable Lock writeLock() {
    Connection now = connection;
    return now == null ? null : now.writeLock();
  }

  /** Answers what the request wants of a file: the whole, if it cannot be asked any more. */
  FileRequest fileRequest() {
    if (!exchange.lifecycle().enterToAsk()) {
      return FileRequest.unconditional(headRequest);
    }
    try {
      return FileRequest.of(present().request);
    } finally {
      exit();
    }
  }

  /** Answers what the container, or else the JDK, takes a file of this name for. */
  @Nullable String mimeType(String fileName) {
    Objects now = objects;
    String type = null;
    try {
      type = now == null ? null : now.request.getServletContext().getMimeType(fileName);
    } catch (RuntimeException e) {
      Log.refused("a question for a content type", e);
    }
    return type == null ? URLConnection.guessContentTypeFromName(fileName) : type;
  }

  /** Makes the request asynchronous, or joins the cycle that an outer filter has started. */
  AsyncContext start() {
    HttpServletRequest request = present().request;
    if (request.isAsyncStarted()) {
      return request.getAsyncContext();
    } else if (!request.isAsyncSupported()) {
      throw new IllegalStateException(
          "The request does not support asynchronous processing: SafeAsyncFilter, the servlet and"
              + " every filter between them need <async-supported>true</async-supported> in"
              + " web.xml, asyncSupported = true in their annotation, or setAsyncSupported(true)");
    } else {
      AsyncContext started = request.startAsync(request, present().response);
      ownTimeout = started.getTimeout();
      // The exchange has a deadline of its own: containers sweep theirs once a second, allow only
      // their own thread to complete after it, and count the time to send the response in.
      started.setTimeout(0);
      return started;
    }
  }

  long ownTimeout() {
    return ownTimeout;
  }

  /** A cycle has been started, by whomever. */
  void started(AsyncContext started) {
    if (connection == null) {
      connection = exchange.exchanges().connectionOf(present().request);
    }
    context = started;
  }

  /** The application takes the library's own response. */
  void taken() {
    Objects now = objects;
    if (now != null) {
      head.startFrom(now.response);
    }
  }

  /** The container's own objects, until they are forgotten. */
  @Nullable HttpServletRequest request() {
    Objects now = objects;
    return now == null ? null : now.request;
  }

  /**
   * Takes what will be known of the request; by the one thread that may touch it now.
   *
   * @param all whether someone listens who may want to know the attributes and headers, too
   */
  Remembered remember(boolean all) {
    Objects now = objects;
    Remembered known = Remembered.NOTHING;
    try {
      if (now != null) {
        known = Remembered.of(now.request, now.response);
        known = all ? known.withAll(now.request, now.response) : known;
      }
    } catch (RuntimeException e) {
      Log.refused("a last look at the request", e);
    }
    return known;
  }

  private Objects present() {
    Objects now = objects;
    if (now == null) {
      throw new IllegalStateException("The exchange is over: " + exchange.lifecycle());
    }
    return now;
  }

  // The outbox's sink.

  /**
   * A stream is written by a thread of its container: Undertow's I/O thread, or whoever calls
   * onWritePossible, and otherwise by one of ours. So a burst of small writes becomes a few large
   * ones, and no writer waits for a connection's encryption or for a container's lock.
   */
  @Override
  public void work(Runnable turn) {
    Connection now = connection;
    Lock lock = writeLock();
    Executor streamThread = now == null || !streaming ? null : now.streamThread();
    if (streamThread != null) {
      streamThread.execute(turn);
    } else if (streaming && now != null && caller != Thread.currentThread()) {
      exchange.exchanges().write(() -> locked(turn, lock));
    } else if (lock == null) {
      turn.run();
    } else if (lock.tryLock()) {
      lockedAlready(turn, lock);
    } else {
      // The application may hold locks of its own here, and whoever has the container's lock may
      // want those: only a thread of ours may wait for it.
      exchange.exchanges().write(() -> locked(turn, lock));
    }
  }

  private static void locked(Runnable turn, @Nullable Lock lock) {
    if (lock == null) {
      turn.run();
    } else {
      lock.lock();
      lockedAlready(turn, lock);
    }
  }

  private static void lockedAlready(Runnable turn, Lock lock) {
    try {
      turn.run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void execute(Runnable task) {
    exchange.exchanges().execute(task);
  }

  @Override
  public Future<?> schedule(Runnable task, Duration delay) {
    return exchange.exchanges().schedule(task, delay);
  }

  @Override
  public boolean enter() {
    return exchange.lifecycle().enter();
  }

  @Override
  public void exit() {
    exchange.exit();
  }

  /** One byte less than the container's buffer: a write of no more never makes it send. */
  @Override
  public int wholeLimit() {
    return present().response.getBufferSize() - 1;
  }

  @Override
  public void startWhole(long length) throws IOException {
    HttpServletResponse response = present().response;
    head.commitTo(response);
    framing = Framing.of(response, headRequest);
    stream = response.getOutputStream();
    if (headRequest && framing.length() < 0 && framing.statusTakesBody()) {
      // What the container would find out by itself from a body.
      response.setContentLengthLong(length);
    }
  }

  @Override
  public void startStream() throws IOException {
    streaming = true;
    HttpServletResponse response = present().response;
    head.commitTo(response);
    framing = Framing.of(response, headRequest);
    if (hasStreamThread() && !response.isCommitted()) {
      // Undertow's flush leaves in its buffer what the connection does not take at once, and never
      // tries again (ServletOutputStreamImpl.flushInternal). Without room in it, a write goes to
      // the connection, and what that does not take is sent as soon as it can be.
      unbuffer(response);
    }
    stream = response.getOutputStream();
    stream().setWriteListener(new Readiness());
  }

  private static void unbuffer(HttpServletResponse response) {
    try {
      response.setBufferSize(1);
    } catch (IllegalStateException e) {
      Log.refused("a response without a buffer", e);
    }
  }

  private boolean hasStreamThread() {
    Connection now = connection;
    return now != null && now.streamThread() != null;
  }

  @Override
  public long declaredLength() {
    return framing.length();
  }

  @Override
  public boolean takesBody() {
    return framing.takesBody();
  }

  /** ServletOutputStreamImpl.updateWrittenAsync of Undertow. */
  @Override
  public boolean endsByItself() {
    return hasStreamThread();
  }

  private ServletOutputStream stream() {
    ServletOutputStream now = stream;
    if (now == null) {
      throw new IllegalStateException("Nothing was started: " + exchange.lifecycle());
    }
    return now;
  }

  @Override
  public boolean isReady() {
    return stream().isReady();
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    BufferWrite.to(stream(), bytes);
    exchange.written();
  }

  @Override
  public void flush() throws IOException {
    stream().flush();
    exchange.written();
  }

  @Override
  public void sendError(int status, @Nullable String message) throws IOException {
    HttpServletResponse response = present().response;
    if (response.isCommitted()) {
      throw new IllegalStateException(
          "The application has committed the response itself, so that it cannot become " + status);
    }
    commitErrorTo(response);
    if (message == null) {
      response.sendError(status);
    } else {
      response.sendError(status, message);
    }
  }

  private void commitErrorTo(HttpServletResponse response) {
    head.commitErrorTo(response);
    if (response.getHeader("Content-Length") != null) {
      // It was the length of the body that does not come.
      response.setContentLengthLong(-1);
    }
  }

  @Override
  public void finished() {
    exchange.completed();
  }

  @Override
  public void truncated(int status, @Nullable String message) {
    String what = message == null ? "" : " " + message;
    exchange.failed(
        new IllegalStateException(
            "sendError " + status + what + " after a part of the body had been sent"));
  }

  @Override
  public void failed(Throwable failure, boolean heartbeat) {
    if (Exchange.isLostConnection(failure)) {
      Departure departure =
          heartbeat
              ? Departure.now(Evidence.HEARTBEAT, "a failing heartbeat")
              : Departure.now(Evidence.WRITE_FAILED, "a failing write");
      exchange.disconnected(departure, failure);
    } else {
      exchange.failed(failure);
    }
  }

  @Override
  public void stalled(SlowClientException why) {
    exchange.tooSlow(why);
  }

  @Override
  public void overLimit(SlowClientException why) {
    exchange.tooSlow(why);
  }

  @Override
  public boolean mayWait() {
    return !exchange.isHandledBy(Thread.currentThread()) && !Workers.isOwn(Thread.currentThread());
  }

  /** What the container tells of the stream, on its own threads. */
  private final class Readiness implements WriteListener {

    @Override
    public void onWritePossible() {
      caller = Thread.currentThread();
      try {
        outbox.writable();
      } finally {
        caller = null;
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (http2 && Exchange.isLostConnection(failure)) {
        // Tomcat tells of a stream's reset here, whether or not anything was being written.
        exchange.lost(failure);
      } else {
        outbox.failed(failure);
      }
    }
  }

  // The last touch.

  /** Closes the container's side. By the one thread that has claimed to, with nothing inside. */
  void close(End end, int timeoutStatus) {
    switch (end.kind()) {
      case COMPLETED -> complete();
      case DISCONNECTED -> leave();
      case TIMED_OUT -> refuse(timeoutStatus);
      case SHUT_DOWN -> refuse(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
      case FAILED -> refuse(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
    }
  }

  private void complete() {
    AsyncContext now = context;
    if (now != null) {
      complete(now);
    }
  }

  private static void complete(AsyncContext context) {
    try {
      context.complete();
    } catch (RuntimeException e) {
      // The container has ended the exchange by itself at the same moment.
      Log.refused("complete", e);
    }
  }

  /**
   * Ends what nobody reads. HTTP/1.1: without another write, which would fail and be logged. On
   * HTTP/2 a stream that is gone costs no write, and containers count resets as an attack.
   */
  private void leave() {
    if (http2 || !isAborted()) {
      complete();
    }
  }

  /** Answers with an error, or cuts the response off where a part of it has been sent. */
  private void refuse(int status) {
    HttpServletResponse response = present().response;
    if (response.isCommitted()) {
      if (!isAborted()) {
        Log.notAborted(connection);
        complete();
      }
      return;
    }
    try {
      commitErrorTo(response);
      response.sendError(status);
    } catch (IOException | RuntimeException e) {
      Log.refused("an answer of " + status, e);
    }
    complete();
  }

  private boolean isAborted() {
    Connection now = connection;
    AsyncContext completed = context;
    return now != null && completed != null && now.abort(() -> complete(completed));
  }

  /** Lets go of the container's objects: it uses them again for other requests. */
  void forget() {
    objects = null;
    context = null;
    connection = null;
    stream = null;
  }
}
