package io.github.safeasync;

import io.github.safeasync.container.Connection;
import io.github.safeasync.detect.Watch;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, from the filter to the end: it asks the {@link Lifecycle} what is
 * decided, and acts.
 *
 * <p>The ways to an end: the {@link Outbox} has handed over a finished response; the detector, a
 * failing write or the container shows that the client has gone; the deadline passes; the
 * application fails; the filter shuts down. Each decides first, which one thread wins, then tells
 * the listeners, and the last thread to come out of the container closes the container's side.
 */
final class Exchange {

  private static final String ATTRIBUTE = Exchange.class.getName();

  /** How long a container's own thread waits for calls that are inside the container. */
  private static final long QUIET_MILLIS = 1000;

  private final Exchanges exchanges;
  private final Lifecycle lifecycle = new Lifecycle();
  private final EndListeners listeners = new EndListeners();
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final ExchangeResponse response = new ExchangeResponse(this);
  private final ContainerSide side;
  private final long startedNanos = System.nanoTime();

  private final Cancellation cancellation;

  private volatile @Nullable Future<?> deadline;
  private volatile @Nullable Watch watch;

  /** Set where the container completes by itself, so that the library must not. */
  private volatile boolean containerCompletes;

  private volatile boolean taken;

  /** The thread that handles the request, until it leaves the filter. */
  private volatile @Nullable Thread handler = Thread.currentThread();

  Exchange(Exchanges exchanges, HttpServletRequest request, HttpServletResponse response) {
    this.exchanges = exchanges;
    this.side = new ContainerSide(this, request, response);
    this.cancellation = new Cancellation(exchanges, request.getMethod(), end());
  }

  /** Answers the exchange of a request, through any wrapper. */
  static Exchange behind(ServletRequest request) {
    Exchange exchange = of(request);
    if (exchange == null) {
      throw new IllegalStateException(
          "No SafeAsyncFilter is mapped to this request, or it has been answered. Install the"
              + " filter in web.xml, with <async-supported>true</async-supported> and a"
              + " <filter-mapping> that matches the request, or add it to the servlet context"
              + " with setAsyncSupported(true); and take the response before the servlet returns");
    }
    return exchange;
  }

  static @Nullable Exchange of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof Exchange exchange ? exchange : null;
  }

  /** Ties the exchange to its request, until the request is over. */
  void attachTo(ServletRequest request) {
    request.setAttribute(ATTRIBUTE, this);
  }

  void detachFrom(ServletRequest request) {
    request.removeAttribute(ATTRIBUTE);
  }

  Exchanges exchanges() {
    return exchanges;
  }

  Lifecycle lifecycle() {
    return lifecycle;
  }

  EndListeners listeners() {
    return listeners;
  }

  ExchangeResponse response() {
    return response;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  ContainerSide side() {
    return side;
  }

  CompletionStage<End> end() {
    return end.minimalCompletionStage();
  }

  CompletionStage<Outcome> outcome() {
    return outcome.minimalCompletionStage();
  }

  /** Whether a thread is inside the filter's chain, so that the container sends nothing yet. */
  boolean isHandledBy(Thread thread) {
    return handler == thread;
  }

  /** The request leaves the filter. On the thread that handles it. */
  void handled() {
    handler = null;
  }

  boolean isStarted() {
    return !lifecycle.isNew();
  }

  /** Whether the application has asked for the response. */
  boolean isTaken() {
    return taken;
  }

  SafeAsyncResponse take(ServletRequest request) {
    start(request);
    taken = true;
    return response;
  }

  /** Makes the request asynchronous, unless it is. On the thread that handles the request. */
  void start(ServletRequest request) {
    if (!lifecycle.starting()) {
      return;
    }
    boolean started = false;
    try {
      side.start(request);
      started = true;
    } finally {
      if (started) {
        lifecycle.started();
      } else {
        lifecycle.notStarted();
      }
    }
    Duration timeout = exchanges.config().timeout();
    if (!timeout.isZero()) {
      deadline = exchanges.schedule(this::timedOut, timeout);
    }
    exchanges.opened(this);
    watch(request);
    side.outbox().signal();
  }

  private void watch(ServletRequest request) {
    Connection connection = side.connection();
    if (connection == null) {
      return;
    }
    Watch started = exchanges.watch(connection, this::gone);
    if (hasNoBody(request)) {
      started.bodyRead();
    }
    watch = started;
    if (lifecycle.decidedEnd() != null) {
      started.release();
    }
  }

  static boolean hasNoBody(ServletRequest request) {
    return request.getContentLengthLong() <= 0
        && request instanceof HttpServletRequest http
        && http.getHeader("Transfer-Encoding") == null;
  }

  /** Bytes have been given to the container for the client. */
  void written() {
    Watch now = watch;
    if (now != null) {
      now.written();
    }
  }

  /** Answers how a hang-up would be noticed. */
  Detection detection() {
    Watch now = watch;
    return now == null ? Detection.ON_WRITE : now.detection();
  }

  /** The application has finished; what is left is the container's and the client's time. */
  void finishing() {
    Future<?> armed = deadline;
    if (armed != null) {
      armed.cancel(false);
    }
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  // The ways to an end.

  void completed() {
    decide(End.of(End.Kind.COMPLETED, age()), Outcome.HANDED_OVER);
    close();
  }

  void disconnected(Departure departure, @Nullable Throwable cause) {
    end(End.disconnected(departure, age(), cause));
  }

  void failed(Throwable cause) {
    end(End.failed(cause, age()));
  }

  void shutDown() {
    end(End.of(End.Kind.SHUT_DOWN, age()));
  }

  /** On the timer's thread, which must not wait for a container. */
  private void timedOut() {
    if (decide(End.of(End.Kind.TIMED_OUT, age()))) {
      exchanges.execute(this::close);
    }
  }

  /** On the detector's thread, which must not wait for a container. */
  void gone(Departure departure) {
    if (decide(End.disconnected(departure, age(), null))) {
      exchanges.execute(this::close);
    }
  }

  /** On the timer's thread or one of the application's, neither of which may wait. */
  void tooSlow(SlowClientException cause) {
    if (decide(End.failed(cause, age()))) {
      exchanges.execute(this::close);
    }
  }

  /** An exception goes through the filter to the container, which answers it by its own rules. */
  void thrown(Throwable cause) {
    endedByContainer(End.failed(cause, age()));
  }

  private void end(End decided) {
    decide(decided);
    close();
  }

  private void endedByContainer(End decided) {
    containerCompletes = true;
    decide(decided);
    leaveQuietly();
  }

  /** No call of another thread may be inside when the container's own thread goes on. */
  private void leaveQuietly() {
    if (!lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS)) {
      Log.stuck(lifecycle);
    }
    close();
  }

  private boolean decide(End decided) {
    boolean gone = decided.kind() == End.Kind.DISCONNECTED;
    return decide(decided, gone ? Outcome.CLIENT_GONE : Outcome.UNKNOWN);
  }

  private boolean decide(End decided, Outcome known) {
    if (!lifecycle.end(decided)) {
      return false;
    }
    finishing();
    Watch watched = watch;
    if (watched != null) {
      watched.release();
    }
    if (decided.kind() == End.Kind.DISCONNECTED) {
      Log.disconnected(decided);
    } else if (decided.kind() == End.Kind.FAILED && !containerCompletes) {
      Log.failed(decided);
    }
    listeners.publish(decided);
    cancellation.ended(decided);
    exchanges.execute(
        () -> {
          listeners.runAll();
          end.complete(decided);
          outcome.complete(known);
        });
    return true;
  }

  /** Leaves the container, and closes its side if this was the last call after the end. */
  void exit() {
    if (lifecycle.exit()) {
      close();
    }
  }

  /** Closes the container's side, if the end is decided, nothing is inside and nobody else does. */
  private void close() {
    End decided = lifecycle.claimClose();
    if (decided == null) {
      return;
    }
    try {
      if (!containerCompletes) {
        side.close(decided, exchanges.config().timeoutStatus());
      }
    } finally {
      side.forget();
      lifecycle.closed();
      exchanges.ended(this);
      side.outbox().signal();
    }
  }

  /** What the container tells. On its threads, on Tomcat under its lock of the connection. */
  final class Listener implements AsyncListener {

    @Override
    public void onComplete(AsyncEvent event) {
      endedByContainer(End.of(End.Kind.COMPLETED, age()));
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      decide(End.of(End.Kind.TIMED_OUT, age()));
      leaveQuietly();
    }

    @Override
    public void onError(AsyncEvent event) {
      Throwable cause = event.getThrowable();
      if (cause == null || isLostConnection(cause)) {
        decide(End.disconnected(lost(), age(), cause));
      } else {
        decide(End.failed(cause, age()));
      }
      leaveQuietly();
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      event.getAsyncContext().addListener(this);
    }

    private Departure lost() {
      Connection connection = side.connection();
      boolean streamOnly = side.isHttp2() && connection != null && !connection.isLost();
      Evidence evidence = streamOnly ? Evidence.HTTP2_RESET : Evidence.CONNECTION_LOST;
      return new Departure(evidence, Instant.now(), "the container's onError");
    }
  }

  /** Whether a failure of the container means that the connection is gone. */
  static boolean isLostConnection(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 8; depth++) {
      if (cause instanceof IOException) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /** A guarded callback threw. */
  void callbackFailed(Throwable failure) {
    if (failure instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    if (!response.isOpen()) {
      End decided = lifecycle.decidedEnd();
      Log.callbackFailedLate(decided == null ? "finish" : decided, failure);
    } else if (failure instanceof HttpStatusException answer) {
      Log.callbackAnswered(answer);
      response.sendError(answer.status(), answer.getMessage());
    } else {
      failed(failure);
    }
  }
}
