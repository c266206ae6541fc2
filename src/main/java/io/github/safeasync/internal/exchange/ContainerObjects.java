package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.Quirks;
import io.github.safeasync.internal.guard.ExchangeAccess;
import io.github.safeasync.internal.guard.RequestBody;
import io.github.safeasync.internal.guard.RequestSnapshot;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URLConnection;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The container's objects of one exchange, from the filter to the last touch, after which they are
 * forgotten: they belong to another request then.
 */
public final class ContainerObjects {

  /** The container's objects, dropped in one step. */
  private record Objects(HttpServletRequest request, HttpServletResponse response) {}

  private final Object about;
  private final FilterScope scope;
  private final String method;
  private final boolean http2;
  private volatile @Nullable Objects objects;
  private volatile @Nullable AsyncContext context;
  private volatile @Nullable Connection connection;

  /** That of a request that is not asynchronous, once somebody has asked for it. */
  private volatile @Nullable Connection synchronous;

  private volatile boolean streamed;

  /** Whether the container did not take the head: Jetty answers 500, Tomcat closes. */
  private volatile boolean headRefused;

  /** The first call of a WriteListener, see {@link Quirks#awaitsWriteListener}. */
  private enum FirstCall {
    NOT_DUE,
    DUE,
    MADE
  }

  private static final AtomicReferenceFieldUpdater<ContainerObjects, FirstCall> FIRST_CALL =
      AtomicReferenceFieldUpdater.newUpdater(ContainerObjects.class, FirstCall.class, "firstCall");

  private volatile FirstCall firstCall = FirstCall.NOT_DUE;

  private volatile boolean aborted;

  /** Whether writers were failed: what was sent is cut, whatever the end is. */
  private volatile boolean cut;

  /** The container's timeout, for an application that takes over a cycle of the library's. */
  private volatile long ownTimeout;

  /**
   * Keeps them.
   *
   * @param about the exchange, for the log
   */
  ContainerObjects(
      Object about, FilterScope scope, HttpServletRequest request, HttpServletResponse response) {
    this.about = about;
    this.scope = scope;
    this.objects = new Objects(request, response);
    this.method = request.getMethod();
    this.http2 = "HTTP/2.0".equals(request.getProtocol());
  }

  String method() {
    return method;
  }

  boolean isHead() {
    return "HEAD".equals(method);
  }

  boolean isHttp2() {
    return http2;
  }

  @Nullable Connection connection() {
    return connection;
  }

  /** What the container means by a lost connection: on HTTP/2 that may be one stream. */
  Departure departure() {
    Connection now = known();
    boolean streamOnly = http2 && now != null && !now.isLost();
    Evidence evidence = streamOnly ? Evidence.HTTP2_RESET : Evidence.CONNECTION_LOST;
    return Departure.now(evidence, "the container's onError");
  }

  @Nullable Quirks quirks() {
    Connection now = connection;
    return now == null ? null : now.quirks();
  }

  /** As {@link #quirks}, of a request that is not asynchronous as well. */
  @Nullable Quirks quirksOfAny() {
    Connection known = connectionOfAny();
    return known == null ? null : known.quirks();
  }

  /**
   * As {@link #connection}, of a request that is not asynchronous as well, for which it is looked
   * up once. On a thread that calls the container.
   */
  @Nullable Connection connectionOfAny() {
    Connection known = known();
    HttpServletRequest own = request();
    if (known == null && own != null) {
      known = scope.connectionOf(own);
      synchronous = known;
    }
    return known;
  }

  private @Nullable Connection known() {
    Connection asynchronous = connection;
    return asynchronous == null ? synchronous : asynchronous;
  }

  /** What it was has been forgotten; for what the servlet throws it is known again. */
  void dispatchedLate(HttpServletRequest request) {
    synchronous = scope.connectionOf(request);
  }

  /** The request was not asynchronous, or its end came earlier, and the container has it back. */
  void answered() {
    synchronous = null;
  }

  /** The lock to hold around a write; null where none has to be. */
  @Nullable Lock writeLock() {
    Quirks now = quirks();
    return now == null ? null : now.writeLock();
  }

  /** The lock to hold from before it is claimed that the response is closed; null for none. */
  @Nullable Lock closeLock() {
    Quirks now = quirks();
    if (now == null) {
      return null;
    }
    return http2 ? now.streamCloseLock() : now.writeLock();
  }

  /** Whether the thread of a dispatch is the one on which the container goes on to the end. */
  boolean completesOnDispatchThread() {
    Connection now = connection;
    return now != null && now.quirks().completesOnDispatchThread();
  }

  /** Whether the container waits for a timeout, of which it may have been told in vain. */
  boolean isTimeoutPending() {
    Quirks now = quirks();
    return now != null && now.isTimeoutPending();
  }

  /** Tells the container of the timeout once more. By a thread that is inside. */
  void timeOut() {
    Quirks now = quirks();
    if (now != null) {
      now.timeOut();
    }
  }

  /** Whether the container may clear the request as the servlet returns. */
  boolean clearsOnReturn() {
    Quirks now = quirks();
    return now != null && now.clearsOnReturn();
  }

  /** Returns what the request wants of a file: the whole, if it cannot be asked any more. */
  FileRequest fileRequest(ExchangeAccess access) {
    if (!access.enterToAsk()) {
      return FileRequest.unconditional(method);
    }
    try {
      return FileRequest.of(present().request);
    } finally {
      access.exit();
    }
  }

  /** Returns what the container, or else the JDK, takes a file of this name for. */
  @Nullable String mimeType(String fileName) {
    Objects now = objects;
    String type = null;
    try {
      type = now == null ? null : now.request.getServletContext().getMimeType(fileName);
    } catch (RuntimeException e) {
      Log.refused(about, "a question for a content type", e);
    }
    return type == null ? URLConnection.guessContentTypeFromName(fileName) : type;
  }

  /**
   * Makes the request asynchronous, or joins the cycle that an outer filter has started; null where
   * a mock returns that.
   */
  @Nullable AsyncContext start() {
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
      if (started == null) {
        return null;
      }
      ownTimeout = started.getTimeout();
      // The exchange has a deadline of its own: containers sweep theirs once a second, allow only
      // their own thread to complete after it, and count the time to send the response in.
      started.setTimeout(0);
      return started;
    }
  }

  /** Whether the container would let the servlet that is being called start a cycle. */
  boolean isAsyncSupported() {
    return present().request.isAsyncSupported();
  }

  long ownTimeout() {
    return ownTimeout;
  }

  /** A cycle has been started, by whomever. */
  void started(AsyncContext started) {
    if (connection == null) {
      connection = connectionOfAny();
      synchronous = null;
    }
    // No call of before is made any more: Undertow drops it at a dispatch.
    boolean unused = FIRST_CALL.compareAndSet(this, FirstCall.DUE, FirstCall.MADE);
    context = started;
  }

  /** The container's own request, until it is forgotten. */
  @Nullable HttpServletRequest request() {
    Objects now = objects;
    return now == null ? null : now.request;
  }

  /** The container's own response, of an exchange that is not over. */
  HttpServletResponse response() {
    return present().response;
  }

  /** Whether a part of the response has been sent. On the thread of the servlet that is inside. */
  boolean isCommitted() {
    Objects now = objects;
    try {
      return now != null && now.response.isCommitted();
    } catch (RuntimeException e) {
      Log.refused(about, "a question for what was sent", e);
      return false;
    }
  }

  /** The content type that the application has given the container's response, if any. */
  @Nullable String contentType() {
    Objects now = objects;
    return now == null ? null : now.response.getContentType();
  }

  /**
   * Takes what will be known of the request, by a thread that may touch it now; null if it is
   * forgotten already, or refuses.
   *
   * @param all whether someone listens who may want to know the attributes and headers, too
   * @param last whether this is after the end: before it the request shows no trace of the look
   */
  @Nullable RequestSnapshot remember(boolean all, boolean last, RequestBody body) {
    Objects now = objects;
    if (now == null) {
      return null;
    }
    try {
      RequestSnapshot known = RequestSnapshot.of(now.request, now.response);
      return all ? known.withAll(now.request, now.response, body, last) : known;
    } catch (RuntimeException e) {
      Log.refused(about, "a last look at the request", e);
      return null;
    }
  }

  private Objects present() {
    Objects now = objects;
    if (now == null) {
      throw new IllegalStateException("The exchange is over");
    }
    return now;
  }

  /**
   * Hands over the headers that were meant for a body, but what describes that.
   *
   * @param head those of the library's response; null if nobody has taken it
   */
  void commitErrorTo(HttpServletResponse response, @Nullable ResponseHead head) {
    if (head != null) {
      head.commitErrorTo(response);
    }
    if (response.getHeader("Content-Length") != null) {
      // It was the length of the body that does not come.
      response.setContentLengthLong(-1);
    }
    if (response.getBufferSize() < 2) {
      // Undertow's writer of error pages goes round and round in a buffer of one byte.
      resizeBuffer(response, 1024);
    }
  }

  /** Resizes the buffer of a response, unless something is in it. */
  void resizeBuffer(HttpServletResponse response, int bytes) {
    try {
      response.setBufferSize(bytes);
    } catch (IllegalStateException e) {
      Log.refused(about, "a buffer of " + bytes + " bytes", e);
    }
  }

  /** Whether the container has ended the request by itself, or has closed its connection. */
  boolean isEndedByContainer() {
    Connection now = connection;
    return now != null && (now.quirks().isOver() || isCutOff(now));
  }

  /** Whether the container has closed the connection without having sent all of the response. */
  boolean isCutOff() {
    Connection now = connection;
    return now != null && isCutOff(now);
  }

  /** What is said of a response of which {@link #isCutOff} holds. */
  static Departure cutOff() {
    return Departure.now(Evidence.CONNECTION_LOST, "the container has closed the connection");
  }

  /** Whether the container knows that the client has reset the HTTP/2 stream, or has gone. */
  boolean isStreamGone() {
    Connection now = known();
    if (now == null || !http2) {
      return false;
    }
    BooleanSupplier open = now.streamOpen();
    return now.isLost() || (open != null && !open.getAsBoolean());
  }

  private static boolean isCutOff(Connection connection) {
    return connection.isLost() && !connection.quirks().isResponseComplete();
  }

  /** The container is ending it: what completed it as well would meet the next request. */
  void aborted() {
    aborted = true;
  }

  boolean isAborted() {
    return aborted;
  }

  /** Whether the servlet has thrown what the container keeps to itself. */
  boolean isUnavailable() {
    Quirks now = quirks();
    return now != null && now.isUnavailable();
  }

  /** Whether sendError of this status cuts the response off. */
  boolean isAbort(int status) {
    Connection now = connection;
    return now != null && now.quirks().isAbort(status);
  }

  /** Whether the response was cut off so that an end need not wait for the client. */
  boolean isCut() {
    return cut;
  }

  /** Has every thread that waits for the client inside the container come out. */
  void failWrites() {
    Quirks now = quirks();
    if (now != null) {
      cut = true;
      now.failWrites();
    }
  }

  /** The last cycle's; null if there was none, or it is forgotten. */
  @Nullable AsyncContext context() {
    return context;
  }

  /** Completes, as far as the container has not done so by itself. */
  void complete(AsyncContext context) {
    try {
      context.complete();
    } catch (RuntimeException e) {
      // The container has ended the exchange by itself at the same moment.
      Log.refused(about, "complete", e);
    }
  }

  /** Whether the head is being sent; if that throws, it is the container that answers. */
  void committing(boolean now) {
    headRefused = now;
  }

  boolean isHeadRefused() {
    return headRefused;
  }

  /**
   * The response has a WriteListener, the library's or the application's. Said before the container
   * is, and so before anything that belongs to the stream's thread.
   */
  void streamed() {
    streamed = true;
  }

  boolean isStreamed() {
    return streamed;
  }

  /** The thread that a streamed response is the container's on; null if any will do. */
  @Nullable Executor streamThread() {
    Quirks now = quirks();
    return now == null || !streamed ? null : now.streamThread();
  }

  /** The container has taken a WriteListener. By a thread that is inside. */
  void listenerSet() {
    Quirks now = quirks();
    if (now != null && now.awaitsWriteListener()) {
      boolean unused = FIRST_CALL.compareAndSet(this, FirstCall.NOT_DUE, FirstCall.DUE);
    }
  }

  /** The container calls the WriteListener, or never will. */
  void listenerCalled() {
    firstCall = FirstCall.MADE;
  }

  /** Whether the container would not get over a completion before that call. */
  public boolean isCallDue() {
    return firstCall == FirstCall.DUE;
  }

  /**
   * Shows a departure to those who look at the container's own objects, such as its access log: a
   * success that nobody has received is none. The application has its last look behind it.
   *
   * @param aborted whether nobody is to receive the response, so that its status is told to none
   */
  void tellLogs(End disconnected, boolean aborted) {
    Objects now = objects;
    int status = scope.config().disconnectStatus();
    if (now == null) {
      return;
    }
    try {
      now.request.setAttribute(Departure.ATTRIBUTE, disconnected.departure().orElse(null));
      if (aborted && status != 0 && !now.response.isCommitted()) {
        now.response.setStatus(status);
      }
    } catch (RuntimeException e) {
      Log.refused(about, "a status for the access log", e);
    }
  }

  /** Lets go of the container's objects: it uses them again for other requests. */
  void forget() {
    objects = null;
    context = null;
    connection = null;
  }
}
