package io.github.safeasync;

import io.github.safeasync.container.Connection;
import io.github.safeasync.detect.Watch;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.Consumer;
import java.util.function.Supplier;
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

  /** How long the container may take to tell of a completion. */
  private static final Duration COMPLETION_WAIT = Duration.ofSeconds(1);

  private final Exchanges exchanges;
  private final Lifecycle lifecycle = new Lifecycle();
  private final EndListeners listeners = new EndListeners();
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final ExchangeResponse response = new ExchangeResponse(this);
  private final ContainerSide side;
  private final long startedNanos = System.nanoTime();

  private final Cancellation cancellation;
  private final Gate gate = new Gate(this);
  private final GuardedRequest guardedRequest;
  private final GuardedResponse guardedResponse;

  private volatile @Nullable Future<?> deadline;
  private volatile @Nullable Watch watch;
  private volatile boolean taken;

  /** The container's thread that is in the filter; what makes it asynchronous reads it. */
  private volatile @Nullable Thread servlet;

  private volatile @Nullable Cycle cycle;

  /** The cycle whose listeners are told before the container's startAsync has returned. */
  private @Nullable Cycle upcoming;

  /** Set while the library has started a cycle that nobody has asked for. */
  private volatile boolean unclaimed;

  private volatile @Nullable Consumer<AsyncContext> wantedDispatch;
  private volatile @Nullable GuardedWriteListener writeListener;
  private volatile Remembered remembered = Remembered.NOTHING;

  /** The thread that runs AsyncListeners while the container's objects are still this request's. */
  private volatile @Nullable Thread listening;

  Exchange(Exchanges exchanges, HttpServletRequest request, HttpServletResponse response) {
    this.exchanges = exchanges;
    this.side = new ContainerSide(this, request, response);
    this.cancellation = new Cancellation(exchanges, request.getMethod(), end());
    this.guardedRequest = new GuardedRequest(this, request);
    this.guardedResponse = new GuardedResponse(this, response);
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
    if (request.getAttribute(ATTRIBUTE) instanceof Exchange exchange) {
      return exchange;
    }
    GuardedRequest guarded = GuardedRequest.in(request);
    return guarded == null ? null : guarded.exchange();
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
    return servlet == thread;
  }

  boolean isStarted() {
    return !lifecycle.isNew();
  }

  /** Whether the library has started a cycle that the application has not asked for. */
  boolean isUnclaimed() {
    return unclaimed;
  }

  Gate gate() {
    return gate;
  }

  GuardedRequest guardedRequest() {
    return guardedRequest;
  }

  GuardedResponse guardedResponse() {
    return guardedResponse;
  }

  Remembered remembered() {
    return remembered;
  }

  /** Whether the end has not been decided. */
  boolean isLive() {
    return lifecycle.decidedEnd() == null;
  }

  boolean isInListener() {
    return listening == Thread.currentThread();
  }

  // The container's thread comes and goes.

  /** The container's thread has come to the filter with a new request. */
  void arrived() {
    servlet = Thread.currentThread();
  }

  /** The container's thread has come back after a dispatch; false if it is there already. */
  boolean resumed() {
    boolean first = lifecycle.arrive();
    if (first) {
      servlet = Thread.currentThread();
    }
    return first;
  }

  /** The container's thread leaves the filter. */
  void departed() {
    servlet = null;
    switch (lifecycle.depart()) {
      case RESUMED -> endedByContainer(End.of(End.Kind.COMPLETED, age()));
      case NEW, OPEN -> {}
      case STARTING, DISPATCHING, DISPATCHED, TOLD, CLOSING, CLOSED -> settle();
      // Not on this thread: Undertow keeps an error for the servlet's return and, completed by the
      // servlet's own thread, writes its page to a stream that is non-blocking, without an end.
      case ENDED, TELLING -> exchanges.execute(this::settle);
    }
  }

  // The ways to start.

  SafeAsyncResponse take() {
    start();
    unclaimed = false;
    if (!taken) {
      taken = true;
      side.taken();
      armDeadline();
    }
    return response;
  }

  /** Makes the request asynchronous for the library, unless it is. */
  void start() {
    if (lifecycle.starting()) {
      begin(side::start, guardedRequest, guardedResponse);
    }
  }

  /** As {@link #start}, before anybody has asked for it. */
  void startEagerly() {
    start();
    unclaimed = true;
    armDeadline();
  }

  /** The application's startAsync; the arguments are null in the form that has none. */
  AsyncContext startAsync(
      Supplier<AsyncContext> container,
      @Nullable ServletRequest request,
      @Nullable ServletResponse own) {
    if (lifecycle.starting()) {
      return begin(
              container,
              request == null ? guardedRequest : request,
              own == null ? guardedResponse : own)
          .guarded();
    }
    Cycle known = cycle;
    if (known != null && claimed()) {
      disarmDeadline();
      known.setTimeout(side.ownTimeout());
      return known.guarded();
    }
    // Started twice: the container says so. After the end: nothing to start.
    return known == null
        ? container.get()
        : gate.readWhileOpen(() -> guarded(container.get()), known.guarded());
  }

  private boolean claimed() {
    boolean was = unclaimed;
    unclaimed = false;
    return was;
  }

  /** The application's getAsyncContext. */
  AsyncContext asyncContext(Supplier<AsyncContext> container) {
    Cycle known = cycle;
    if (known != null && !lifecycle.isFree()) {
      unclaimed = false;
      return gate.readWhileOpen(() -> guarded(container.get()), known.guarded());
    }
    AsyncContext started = container.get();
    if (lifecycle.starting()) {
      return begin(() -> started, guardedRequest, guardedResponse).guarded();
    }
    return started;
  }

  private AsyncContext guarded(AsyncContext container) {
    Cycle known = cycle;
    return known == null ? container : known.guarded();
  }

  /** Starts a cycle. By the thread that has claimed it from the lifecycle. */
  private Cycle begin(
      Supplier<AsyncContext> container, ServletRequest request, ServletResponse own) {
    Cycle before = cycle;
    Cycle begun = null;
    try {
      AsyncContext started = container.get();
      begun = upcoming == null ? new Cycle(this, started) : upcoming;
      upcoming = null;
      begun.startedWith(request, own);
      adopt(begun, started);
    } finally {
      if (begun != null) {
        lifecycle.started(servlet);
      } else {
        lifecycle.notStarted();
      }
    }
    if (before != null) {
      tellStart(before, begun);
    }
    exchanges.opened(this);
    watch();
    side.outbox().signal();
    return begun;
  }

  private void adopt(Cycle begun, AsyncContext started) {
    started.addListener(begun);
    Cycle before = cycle;
    if (before != null) {
      before.followedBy(begun);
    }
    cycle = begun;
    side.started(started);
  }

  private void armDeadline() {
    Duration timeout = exchanges.config().timeout();
    if (!timeout.isZero() && deadline == null && isLive()) {
      deadline = exchanges.schedule(this::timedOut, timeout);
    }
  }

  private void disarmDeadline() {
    Future<?> armed = deadline;
    if (armed != null) {
      armed.cancel(false);
      deadline = null;
    }
  }

  /** Watches the connection, from the first cycle to the end. */
  private void watch() {
    Connection connection = side.connection();
    HttpServletRequest request = side.request();
    if (connection == null || request == null || watch != null) {
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

  /** The application has met the end of the request's body. */
  void bodyRead() {
    Watch now = watch;
    if (now != null) {
      now.bodyRead();
    }
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
    decide(End.of(End.Kind.COMPLETED, age()), false, Outcome.HANDED_OVER);
    settle();
  }

  void disconnected(Departure departure, @Nullable Throwable cause) {
    end(End.disconnected(departure, age(), cause));
  }

  /** The container tells that the connection is gone, or a stream of it. */
  void lost(Throwable cause) {
    disconnected(lost(), cause);
  }

  void failed(Throwable cause) {
    end(End.failed(cause, age()));
  }

  void shutDown() {
    end(End.of(End.Kind.SHUT_DOWN, age()));
  }

  /** On the timer's thread, which must not wait for a container. */
  private void timedOut() {
    if (decide(End.of(End.Kind.TIMED_OUT, age()), false)) {
      exchanges.execute(this::settle);
    }
  }

  /** On the detector's thread, which must not wait for a container. */
  void gone(Departure departure) {
    if (decide(End.disconnected(departure, age(), null), false)) {
      exchanges.execute(this::settle);
    }
  }

  /** A write of the application failed, which has the container's exception and no lock now. */
  void lostOnWrite(Throwable failure) {
    Departure departure = Departure.now(Evidence.WRITE_FAILED, "a failing write");
    if (decide(End.disconnected(departure, age(), failure), false)) {
      exchanges.execute(this::settle);
    }
  }

  /** On the timer's thread or one of the application's, neither of which may wait. */
  void tooSlow(SlowClientException cause) {
    if (decide(End.failed(cause, age()), false)) {
      exchanges.execute(this::settle);
    }
  }

  /** An exception goes through the filter to the container, which answers it by its own rules. */
  void thrown(Throwable cause) {
    if (decide(End.failed(cause, age()), true)) {
      leaveQuietly();
    }
  }

  /** The application's complete. */
  void complete(Cycle of) {
    switch (lifecycle.phase()) {
      case OPEN -> {
        if (of == cycle && decide(End.of(End.Kind.COMPLETED, age()), false)) {
          settle();
        }
      }
      // Too late or too early: the container says so.
      case NEW, STARTING, DISPATCHING, DISPATCHED, RESUMED -> of.container().complete();
      case ENDED, TELLING, TOLD, CLOSING, CLOSED -> {}
    }
  }

  /** The application's dispatch, in any of its forms. */
  void dispatch(Cycle of, Consumer<AsyncContext> how) {
    if (of == cycle && lifecycle.dispatching()) {
      disarmDeadline();
      wantedDispatch = how;
      if (lifecycle.exit()) {
        RuntimeException refused = dispatchWanted();
        settle();
        if (refused != null) {
          throw refused;
        }
      }
    } else if (isLive()) {
      how.accept(of.container());
    }
  }

  /** Dispatches, if that is wanted, nothing is inside and nobody else does. */
  private @Nullable RuntimeException dispatchWanted() {
    Consumer<AsyncContext> how = wantedDispatch;
    Cycle now = cycle;
    if (how == null || now == null || !lifecycle.claimDispatch()) {
      return null;
    }
    try {
      how.accept(now.container());
      return null;
    } catch (RuntimeException e) {
      lifecycle.notDispatched();
      return e;
    }
  }

  private void end(End decided) {
    decide(decided, false);
    Cycle now = cycle;
    if (decided.kind() == End.Kind.COMPLETED || now == null || now.listeners().isEmpty()) {
      settle();
    } else {
      // The caller may hold locks, its own or Tomcat's, that the listeners want.
      exchanges.execute(this::settle);
    }
  }

  private void endedByContainer(End decided) {
    if (!decide(decided, true)) {
      lifecycle.leaveToContainer();
    }
    leaveQuietly();
  }

  /** No call of another thread may be inside when the container's own thread goes on. */
  private void leaveQuietly() {
    if (!lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS)) {
      Log.stuck(lifecycle);
      lifecycle.leaveToContainer();
    }
    settle();
  }

  private boolean decide(End decided, boolean containerCompletes) {
    boolean gone = decided.kind() == End.Kind.DISCONNECTED;
    return decide(decided, containerCompletes, gone ? Outcome.CLIENT_GONE : Outcome.UNKNOWN);
  }

  private boolean decide(End decided, boolean containerCompletes, Outcome known) {
    if (!lifecycle.end(decided, containerCompletes)) {
      return false;
    }
    finishing();
    Watch watched = watch;
    if (watched != null) {
      watched.release();
    }
    if (decided.kind() == End.Kind.DISCONNECTED) {
      Log.disconnected(decided);
    } else if (decided.kind() == End.Kind.FAILED && !lifecycle.containerCompletes()) {
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

  /** Leaves the container, and does what waited for the last call to come out. */
  void exit() {
    if (lifecycle.exit()) {
      RuntimeException refused = dispatchWanted();
      if (refused != null) {
        Log.refused("a dispatch", refused);
      }
      close();
    }
  }

  /** Does what is left to do of a dispatch or an end, as far as it can be done now. */
  private void settle() {
    RuntimeException refused = dispatchWanted();
    if (refused != null) {
      Log.refused("a dispatch", refused);
    }
    tell();
    close();
  }

  /** Tells the application's own listeners, before the container is completed. */
  private void tell() {
    End decided = lifecycle.claimTell();
    if (decided == null) {
      return;
    }
    try {
      GuardedWriteListener writing = writeListener;
      if (writing != null && decided.kind() == End.Kind.DISCONNECTED) {
        writing.onError(disconnectedException());
      }
      Cycle now = cycle;
      // Of its own failures the container tells.
      boolean ours = decided.kind() == End.Kind.DISCONNECTED || !lifecycle.containerCompletes();
      if (now != null && ours) {
        tell(now, decided);
      }
    } catch (RuntimeException | Error failure) {
      Log.listenerFailed(decided, failure);
    } finally {
      lifecycle.told();
    }
  }

  private void tell(Cycle now, End decided) {
    switch (decided.kind()) {
      case COMPLETED -> {}
      case TIMED_OUT -> tell(now, CycleListeners.Kind.TIMEOUT, null);
      case DISCONNECTED -> tell(now, CycleListeners.Kind.ERROR, disconnectedException());
      case FAILED -> tell(now, CycleListeners.Kind.ERROR, decided.cause().orElse(null));
      case SHUT_DOWN ->
          tell(
              now,
              CycleListeners.Kind.ERROR,
              new IllegalStateException("The application is being stopped"));
    }
  }

  private void tell(Cycle of, CycleListeners.Kind kind, @Nullable Throwable failure) {
    Thread before = listening;
    listening = Thread.currentThread();
    try {
      of.listeners().tell(kind, failure, null);
    } finally {
      listening = before;
    }
  }

  /** The exception that stands for the departure; once the end is DISCONNECTED. */
  ClientDisconnectedException disconnectedException() {
    End decided = lifecycle.decidedEnd();
    Departure departure =
        decided == null || decided.departure().isEmpty()
            ? Departure.now(Evidence.CONNECTION_LOST, "the container")
            : decided.departure().get();
    return new ClientDisconnectedException(
        departure, decided == null ? null : decided.cause().orElse(null));
  }

  /** Keeps a WriteListener, to be told of the hang-up; tells it now if that has come. */
  void listens(GuardedWriteListener listener) {
    writeListener = listener;
    End decided = lifecycle.decidedEnd();
    if (decided != null && decided.kind() == End.Kind.DISCONNECTED) {
      exchanges.execute(() -> listener.onError(disconnectedException()));
    }
  }

  /**
   * Closes the container's side, if the end is decided, nothing is inside and nobody else does. On
   * Tomcat under its lock, which comes before the claim: a container's thread that has the lock
   * waits for whoever has claimed, and would recycle what is about to be completed.
   */
  private void close() {
    Lock lock = side.writeLock();
    if (!lifecycle.isClosable()) {
      return;
    }
    if (lock == null) {
      closeAlone();
    } else if (lock.tryLock()) {
      closeUnder(lock);
    } else {
      exchanges.execute(
          () -> {
            lock.lock();
            closeUnder(lock);
          });
    }
  }

  private void closeUnder(Lock held) {
    try {
      closeAlone();
    } finally {
      held.unlock();
    }
  }

  private void closeAlone() {
    End decided = lifecycle.claimClose();
    if (decided == null) {
      return;
    }
    Cycle last = cycle;
    boolean heard = last != null && !last.listeners().isEmpty();
    try {
      remembered = side.remember(heard);
      if (!lifecycle.containerCompletes()) {
        side.close(decided, exchanges.config().timeoutStatus());
      }
    } finally {
      side.forget();
      lifecycle.closed();
      exchanges.ended(this);
      side.outbox().signal();
      if (last != null && heard) {
        tellCompletion(last, decided);
      }
    }
  }

  /**
   * Sees that the completion is told. Of what the application has completed the container tells,
   * and its objects are still there then; but on Tomcat it does not after a reset that was noticed
   * by nobody, and on Jetty not after an error, so it is told in any case. After a hang-up nobody
   * waits for the container.
   */
  private void tellCompletion(Cycle of, End decided) {
    Runnable tell = () -> of.listeners().tell(CycleListeners.Kind.COMPLETE, null, null);
    if (lifecycle.containerCompletes() || decided.kind() == End.Kind.COMPLETED) {
      if (!of.listeners().isCompleted()) {
        deadline = exchanges.schedule(() -> exchanges.execute(tell), COMPLETION_WAIT);
      }
    } else {
      exchanges.execute(tell);
    }
  }

  // What the container tells. On its threads, on Tomcat under its lock of the connection.

  /** Undertow tells the cycles before as well, whose listeners a new cycle has cleared. */
  void containerCompleted(Cycle of) {
    if (of == cycle) {
      if (!decide(End.of(End.Kind.COMPLETED, age()), true)) {
        lifecycle.leaveToContainer();
      }
      tell(of, CycleListeners.Kind.COMPLETE, null);
      disarmDeadline();
      lifecycle.depart();
      leaveQuietly();
    }
  }

  /** The application's listeners go first, and may still complete or dispatch. */
  void containerTimedOut(Cycle of) {
    tell(of, CycleListeners.Kind.TIMEOUT, null);
    if (of == cycle && lifecycle.isOpen()) {
      decide(End.of(End.Kind.TIMED_OUT, age()), !taken);
    }
    leaveQuietly();
  }

  /** Where the client has gone nobody is left to be answered, so the end comes first. */
  void containerFailed(Cycle of, @Nullable Throwable cause) {
    if (of != cycle) {
      tell(of, CycleListeners.Kind.ERROR, cause);
    } else if (cause == null || isLostConnection(cause)) {
      if (!decide(End.disconnected(lost(), age(), cause), false)) {
        lifecycle.leaveToContainer();
      }
      leaveQuietly();
    } else {
      tell(of, CycleListeners.Kind.ERROR, cause);
      if (lifecycle.isOpen()) {
        decide(End.failed(cause, age()), !taken);
      } else {
        lifecycle.leaveToContainer();
      }
      leaveQuietly();
    }
  }

  private Departure lost() {
    Connection connection = side.connection();
    boolean streamOnly = side.isHttp2() && connection != null && !connection.isLost();
    Evidence evidence = streamOnly ? Evidence.HTTP2_RESET : Evidence.CONNECTION_LOST;
    return Departure.now(evidence, "the container's onError");
  }

  /**
   * A cycle was started after a dispatch: by the guarded request, which waits for it, or by an
   * object of the container's that went around it. Undertow tells it when the servlet has returned,
   * which is too late: the next cycle may be over by then.
   */
  void containerStarted(Cycle before, AsyncContext started) {
    Cycle next = before.next();
    if (next == null && lifecycle.phase() == Lifecycle.Phase.STARTING) {
      next = new Cycle(this, started);
      upcoming = next;
    } else if (next == null && before == cycle && lifecycle.starting()) {
      next = begin(() -> started, guardedRequest, guardedResponse);
    }
    if (next != null) {
      tellStart(before, next);
    }
  }

  /** The listeners of a cycle may follow their request into the next one. */
  private static void tellStart(Cycle before, Cycle next) {
    before.listeners().tell(CycleListeners.Kind.START_ASYNC, null, next.guarded());
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
