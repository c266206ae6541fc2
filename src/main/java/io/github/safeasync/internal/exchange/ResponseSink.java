package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.Evidence;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.body.Outbox;
import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.container.Quirks;
import io.github.safeasync.internal.guard.ExchangeAccess;
import io.github.safeasync.internal.guard.Servlet61;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * The container's response as the {@link Outbox} sees it: where its turns run, what they call, and
 * what becomes of the exchange if a call fails.
 */
final class ResponseSink implements Outbox.Sink {

  /** How long a container may take to say why it has closed the stream. */
  private static final Duration REASON_COMES = Duration.ofSeconds(1);

  /**
   * How long one that writes waits for Tomcat's lock of a connection. A listener of the application
   * may have it, for as long as it likes; then a thread waits that nobody else needs.
   */
  private static final long LOCK_MILLIS = 20;

  /** Half of what containers take for a response's head unless they are told otherwise. */
  private static final int LARGE_HEAD = 4096;

  /** What a container adds to the head of an error page: its type, length, language and so on. */
  private static final int ERROR_PAGE_HEAD = 512;

  /** A colon, a space and the end of the line. */
  private static final int FIELD_MARKS = 4;

  private final ExchangeAccess access;
  private final ResponseEnds ends;
  private final Lifecycle lifecycle;
  private final AfterServlet afterServlet;
  private final ContainerObjects container;
  private final FilterScope scope;
  private final ResponseHead head;
  private final Outbox outbox;
  private Framing framing = Framing.UNKNOWN;
  private @Nullable ServletOutputStream stream;

  private final AtomicLong sent = new AtomicLong();

  /** The container's thread that is calling onWritePossible, which may write at once. */
  private volatile @Nullable Thread caller;

  /** The thread that hands something over. */
  private volatile @Nullable Thread inside;

  ResponseSink(
      ExchangeAccess access,
      ResponseEnds ends,
      Lifecycle lifecycle,
      ContainerObjects container,
      FilterScope scope) {
    this.access = access;
    this.head = new ResponseHead(access);
    this.ends = ends;
    this.lifecycle = lifecycle;
    this.afterServlet = new AfterServlet(lifecycle);
    this.container = container;
    this.scope = scope;
    this.outbox = new Outbox(this, scope.limits());
  }

  Outbox outbox() {
    return outbox;
  }

  /** How many bytes of the body the container has taken. */
  long sent() {
    return sent.get();
  }

  ResponseHead head() {
    return head;
  }

  /**
   * A stream is written by a thread of its container: Undertow's I/O thread, or whoever calls
   * onWritePossible, and otherwise by one of ours. So a burst of small writes becomes a few large
   * ones, and no writer waits for a connection's encryption or for a container's lock.
   */
  @Override
  public void work(Runnable turn) {
    Quirks now = container.quirks();
    Lock lock = container.writeLock();
    Executor streamThread = container.streamThread();
    if (streamThread != null) {
      streamThread.execute(turn);
    } else if (container.isStreamed() && now != null && caller != Thread.currentThread()) {
      workLater(turn, lock);
    } else if (lock == null) {
      turn.run();
    } else if (lock.tryLock()) {
      lockedAlready(turn, lock);
    } else {
      workLater(turn, lock);
    }
  }

  /**
   * The application may hold locks of its own here, and whoever has the container's lock may want
   * those: only a thread of ours may wait for it. Tomcat holds it as long as the servlet runs,
   * which may be long, so that is not waited for either.
   */
  private void workLater(Runnable turn, @Nullable Lock lock) {
    if (lock == null) {
      scope.write(turn);
    } else {
      afterServlet.run(() -> scope.write(() -> locked(turn, lock)));
    }
  }

  /** The few that write wait for a lock no longer than a container's own calls take. */
  private void locked(Runnable turn, Lock lock) {
    if (isAcquired(lock)) {
      lockedAlready(turn, lock);
    } else {
      scope.settle(
          access,
          () -> {
            lock.lock();
            lockedAlready(turn, lock);
          });
    }
  }

  private static boolean isAcquired(Lock lock) {
    try {
      return lock.tryLock(LOCK_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      // By a shutdown that waits for this thread to end.
      Thread.currentThread().interrupt();
      return false;
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
    scope.callBack(access, task);
  }

  @Override
  public Future<?> schedule(Runnable task, Duration delay) {
    return scope.schedule(access, task, delay);
  }

  @Override
  public boolean enter() {
    boolean entered = access.enter();
    if (entered) {
      inside = Thread.currentThread();
    }
    return entered;
  }

  /** Whether the calling thread is inside the container to hand something over. */
  boolean isInside() {
    return inside == Thread.currentThread();
  }

  @Override
  public boolean isOver() {
    return !access.isLive();
  }

  @Override
  public void exit() {
    inside = null;
    access.exit();
  }

  /** One byte less than the container's buffer: a write of no more never makes it send. */
  @Override
  public int wholeLimit() {
    return container.response().getBufferSize() - 1;
  }

  @Override
  public void startWhole(long length) throws IOException {
    HttpServletResponse response = container.response();
    head.commitTo(response);
    framing = Framing.of(response, container.isHead());
    stream = length > 0 ? streamOf(response) : streamUnlessWriterTaken(response);
    if (container.isHead() && framing.length() < 0 && framing.statusTakesBody()) {
      // What the container would find out by itself from a body.
      response.setContentLengthLong(length);
    }
    if (isHeadAlone()) {
      response.flushBuffer();
    } else if (head.sendsTrailers() && framing.length() < 0 && framing.takesBody()) {
      // A container that sees the end of the body before the head has gone gives it a length.
      commit(response);
    } else if (isHeadLarge(response)) {
      if (framing.length() < 0 && framing.takesBody()) {
        response.setContentLengthLong(length);
      }
      commit(response);
    }
  }

  /** The application may have written text by itself, of which the container makes the body. */
  private @Nullable ServletOutputStream streamUnlessWriterTaken(HttpServletResponse response)
      throws IOException {
    try {
      return response.getOutputStream();
    } catch (IllegalStateException e) {
      Log.ignored(access, "the stream of a response without a body of the library's", e);
      return null;
    }
  }

  private static ServletOutputStream streamOf(HttpServletResponse response) throws IOException {
    try {
      return response.getOutputStream();
    } catch (IllegalStateException e) {
      throw new IllegalStateException(
          "The body cannot be written: the application has taken getWriter() of this response. Give"
              + " all of the body to SafeAsyncResponse, or write all of it to the writer and call"
              + " finish() without a body",
          e);
    }
  }

  /** What throws here has its answer from the container, or none. */
  private void commit(HttpServletResponse response) throws IOException {
    container.committing(true);
    response.flushBuffer();
    container.committing(false);
  }

  /**
   * Whether a head may be too large for the container, which finds that out when it sends it: in a
   * completion it has nobody to tell, and of what it does behind a WriteListener Jetty does not.
   * Undertow has no limit.
   */
  private boolean isHeadLarge(HttpServletResponse response) {
    return !hasStreamThread() && headSize(response) > LARGE_HEAD;
  }

  /** As {@link #isHeadLarge}, almost for certain, with what an error page adds. */
  private boolean isHeadTooLarge(HttpServletResponse response) {
    Quirks now = container.quirks();
    return now != null && headSize(response) > now.headLimit() - ERROR_PAGE_HEAD;
  }

  private static int headSize(HttpServletResponse response) {
    int size = 0;
    for (String name : response.getHeaderNames()) {
      for (String value : response.getHeaders(name)) {
        size += name.length() + value.length() + FIELD_MARKS;
      }
    }
    return size;
  }

  @Override
  public void startStream() throws IOException {
    HttpServletResponse response = container.response();
    if (isHeadAlone()) {
      head.commitTo(response);
      framing = Framing.of(response, true);
      outbox.writable();
      return;
    }
    head.commitTo(response);
    framing = Framing.of(response, container.isHead());
    if (hasStreamThread() && !response.isCommitted()) {
      // Undertow's flush leaves in its buffer what the connection does not take at once, and never
      // tries again (ServletOutputStreamImpl.flushInternal). Without room in it, a write goes to
      // the connection, and what that does not take is sent as soon as it can be.
      container.resizeBuffer(response, 1);
    }
    if (isHeadLarge(response)) {
      commit(response);
    }
    stream = streamOf(response);
    container.streamed();
    stream().setWriteListener(new Readiness());
    container.listenerSet();
  }

  /** Whether the container is given a head and nothing else, as it would not get over more. */
  private boolean isHeadAlone() {
    Quirks now = container.quirks();
    return now != null && container.isHead() && now.losesHeadResponses();
  }

  private boolean hasStreamThread() {
    Quirks now = container.quirks();
    return now != null && now.streamThread() != null;
  }

  @Override
  public boolean isCommitted() {
    return container.response().isCommitted();
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

  @Override
  public boolean needsFlushBeforeEnd() {
    Quirks now = container.quirks();
    return now != null && now.needsFlushBeforeEnd();
  }

  private ServletOutputStream stream() {
    ServletOutputStream now = stream;
    if (now == null) {
      throw new IllegalStateException("Nothing was started");
    }
    return now;
  }

  @Override
  public boolean isReady() throws IOException {
    if (isHeadAlone()) {
      return true;
    }
    ServletOutputStream to = stream();
    Quirks now = container.quirks();
    if (!to.isReady()) {
      return false;
    }
    if (now == null || !now.holdsBack()) {
      return true;
    }
    to.flush();
    return !now.holdsBack() || !now.resumeWrites(to);
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    Servlet61.writeAnywhere(stream(), bytes);
    sent.addAndGet(length);
    access.written();
  }

  @Override
  public void flush() throws IOException {
    if (isHeadAlone()) {
      container.response().flushBuffer();
    } else {
      stream().flush();
    }
    access.written();
  }

  @Override
  public void sendError(int status, @Nullable String message) throws IOException {
    HttpServletResponse response = container.response();
    if (response.isCommitted()) {
      throw new IllegalStateException(
          "The application has committed the response itself, so that it cannot become " + status);
    }
    container.commitErrorTo(response, head);
    if (HeaderChecks.isRedirect(status)) {
      response.setStatus(status);
      response.setHeader("Location", message);
      if (isHeadLarge(response)) {
        commit(response);
      }
    } else if (isHeadTooLarge(response)) {
      // A container makes the page in complete(), of whose failure nobody hears.
      response.setStatus(status);
      commit(response);
    } else if (message == null) {
      response.sendError(status);
    } else {
      response.sendError(status, message);
    }
  }

  @Override
  public void finished() {
    ends.completed();
  }

  @Override
  public void truncated(int status, @Nullable String message) {
    String call = HeaderChecks.isRedirect(status) ? "redirect " : "sendError ";
    String what = message == null ? "" : " " + message;
    ends.failed(
        new IllegalStateException(
            call + status + what + " after a part of the body had been sent"));
  }

  /**
   * Nobody but the container closes this stream before its end: it has failed, and says why to the
   * listener.
   */
  @Override
  public void failed(Throwable failure, boolean heartbeat) {
    if (ConnectionFailures.isClosedStream(failure)) {
      Runnable judge = () -> judge(failure, heartbeat);
      Future<?> unused = schedule(() -> scope.settle(access, judge), REASON_COMES);
    } else {
      judge(failure, heartbeat);
    }
  }

  private void judge(Throwable failure, boolean heartbeat) {
    if (ConnectionFailures.callShowsDeparture(failure, container.quirks())) {
      Departure departure =
          heartbeat
              ? Departure.now(Evidence.HEARTBEAT, "a failing heartbeat")
              : Departure.now(Evidence.WRITE_FAILED, "a failing write");
      ends.disconnected(departure, failure);
    } else if (failure instanceof RuntimeException && container.isCutOff()) {
      // Tomcat tells nobody that it has given the request to another: its objects refuse to work.
      ends.disconnected(ContainerObjects.cutOff(), failure);
    } else {
      ends.failed(failure);
    }
  }

  @Override
  public void stalled(SlowClientException why) {
    ends.tooSlow(why);
  }

  @Override
  public void overLimit(SlowClientException why) {
    ends.tooSlow(why);
  }

  @Override
  public boolean isServletInside() {
    return lifecycle.servlet() != null;
  }

  @Override
  public boolean mayWait() {
    return !lifecycle.isServlet() && !Workers.isOwn(Thread.currentThread());
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
        access.writeListenerCalled();
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (container.isHttp2()
          && ConnectionFailures.showDeparture(failure, container.connection())) {
        // Tomcat tells of a stream's reset here, whether or not anything was being written.
        ends.disconnected(container.departure(), failure);
      } else {
        outbox.failed(failure);
      }
    }
  }

  /** What waited for the servlet's thread may go on. */
  void servletLeft() {
    afterServlet.left();
  }

  /** Lets go of the container's stream. By the one thread that closes. */
  void forget() {
    stream = null;
  }
}
