package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.Outcome;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.FlightRecords;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.Traces;
import io.github.safeasync.internal.body.SlowClients;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.detect.HangUpWatch;
import io.github.safeasync.internal.guard.ExchangeAccess;
import io.github.safeasync.internal.guard.Gate;
import io.github.safeasync.internal.guard.GuardedReadListener;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.internal.guard.RequestBody;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.UnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, from the filter to the end: it asks the {@link Lifecycle} what is
 * decided, and has it acted upon.
 *
 * <pre>
 *   GuardedRequest, GuardedResponse ──► Gate ────────┐
 *   SafeAsyncResponse ──► ApplicationSide ───────────┤
 *   GuardedAsyncContext ──► Cycles ──────────────────┼─► Exchange ──► Closing ──► ContainerSide
 *   the container ──► Cycle ──► ContainerEvents ─────┤   decides       tells and
 *   the detector, the timer, the filter's end ───────┘                 closes
 * </pre>
 *
 * <p>The ways to an end: the {@link io.github.safeasync.internal.body.Outbox} has handed over a
 * finished response; the detector, a failing write or the container shows that the client has gone;
 * the deadline passes; the application completes or fails; the filter shuts down. Each decides
 * first, which one thread wins, then tells the listeners, and the last thread to come out of the
 * container closes its side.
 */
public final class Exchange implements ResponseEnds, CurrentExchange.Work {

  /** How long a container's own thread waits for calls that are inside the container. */
  private static final long QUIET_MILLIS = 1000;

  /**
   * How long an end waits for a write that waits for the client. Without the library it does not
   * wait at all, and such a write fails on every container, or never returns.
   */
  private static final Duration WRITE_WAIT = Duration.ofMillis(250);

  /** As {@link #WRITE_WAIT}, for a dispatch: after that the response may still go on. */
  private static final Duration DISPATCH_WAIT = Duration.ofSeconds(1);

  /** How long a container may take to end by itself what it has been left. */
  private static final Duration CONTAINER_WAIT = Duration.ofSeconds(1);

  /** How long an error page may take where the container tells when it is done. */
  private static final Duration PAGE_WAIT = Duration.ofSeconds(60);

  /** How long it waits for reads, which the container itself lets go where the client has gone. */
  private static final long READS_MILLIS = 100;

  private static final AtomicReferenceFieldUpdater<Exchange, ApplicationObjects> APPLICATION =
      AtomicReferenceFieldUpdater.newUpdater(
          Exchange.class, ApplicationObjects.class, "application");

  private static final AtomicReferenceFieldUpdater<Exchange, Cancellation> CANCELLATION =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, Cancellation.class, "cancellation");

  private static final AtomicReferenceFieldUpdater<Exchange, Subject> SUBJECT =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, Subject.class, "subject");

  private static final AtomicReferenceFieldUpdater<Exchange, HangUpWatch> WATCH =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, HangUpWatch.class, "watch");

  /** How far it is in the stats. */
  private enum Counted {
    NOT_YET,
    OPEN,
    ENDED
  }

  private static final AtomicReferenceFieldUpdater<Exchange, Counted> COUNTED =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, Counted.class, "counted");

  private final Exchanges exchanges;
  private final FilterScope scope;
  private final Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
  private final long startedNanos = System.nanoTime();
  private final ContainerObjects side;
  private final GuardAccess access = new GuardAccess(this);
  private final Gate gate = new Gate(access);
  private final AsyncCycles cycles = new AsyncCycles(this);
  private final Termination closing = new Termination(this);
  private final RequestBody body = new RequestBody(access);
  private final ContainerEvents events = new ContainerEvents(this);
  private final GuardedRequest guardedRequest;
  private final GuardedResponse guardedResponse;

  /** What the request is traced by; null if by nothing. */
  private final @Nullable Consumer<Departure> trace = Traces.current();

  private volatile Counted counted = Counted.NOT_YET;

  private volatile @Nullable Subject subject;

  private volatile @Nullable ApplicationObjects application;

  /** The work that goes with the client, once somebody has asked for its token. */
  private volatile @Nullable Cancellation cancellation;

  private volatile @Nullable CancelPolicy ownPolicy;
  private volatile @Nullable Future<?> deadline;

  /** Set while the container is left to end by itself. */
  private volatile @Nullable Future<?> containerDue;

  private volatile @Nullable HangUpWatch watch;

  /** The end that it has if it becomes asynchronous: its client has left. */
  private volatile @Nullable End leftBefore;

  /** System.nanoTime() of the first moment at which the watcher could see that; 0 if it did not. */
  private volatile long leftSince;

  /** Whether that was said in the log, when it was synchronous. */
  private volatile boolean leftSaid;

  /** The filter has returned, and the request was synchronous. */
  private volatile boolean answered;

  private volatile boolean dispatchedLate;

  /** What went through the filter, to decide the end or after it; an outer one may answer it. */
  private volatile @Nullable Throwable thrown;

  /** What a write has failed with that is a limit of this side's; the container may cut it off. */
  private volatile @Nullable Throwable writeLimit;

  /** Whether the container had ended it by itself when last looked. By the timer's thread. */
  private boolean foundEnded;

  Exchange(Exchanges exchanges, HttpServletRequest request, HttpServletResponse response) {
    this.exchanges = exchanges;
    this.scope = exchanges.scope();
    this.side = new ContainerObjects(this, scope, request, response);
    this.guardedRequest = new GuardedRequest(gate, request);
    this.guardedResponse = new GuardedResponse(gate, response);
  }

  /** Returns the exchange of a request that the application has, through any wrapper. */
  static Exchange behind(ServletRequest request) {
    Exchange guarding = guarding(request);
    // The container may have given its own object to another request by now.
    Exchange exchange = guarding == null ? of(request) : guarding;
    if (exchange == null) {
      throw new IllegalStateException(
          "No SafeAsyncFilter is mapped to this request. Install the filter in web.xml, with"
              + " <async-supported>true</async-supported> and a <filter-mapping> that matches the"
              + " request, or add it to the servlet context with setAsyncSupported(true); in Spring"
              + " Boot let the auto-configuration register it (safe-async.enabled=true), or a"
              + " FilterRegistrationBean whose URL patterns match the request");
    } else if (exchange.answered) {
      throw alreadyAnswered(null);
    }
    return exchange;
  }

  private static IllegalStateException alreadyAnswered(@Nullable RuntimeException refusal) {
    return new IllegalStateException(
        "The request has been answered: its servlet has returned without making it asynchronous."
            + " Call SafeAsyncResponse.of(request) in the servlet, and give the response to the"
            + " other thread",
        refusal);
  }

  public static @Nullable Exchange of(ServletRequest request) {
    return request.getAttribute(ExchangeAccess.ATTRIBUTE) instanceof Exchange exchange
        ? exchange
        : guarding(request);
  }

  private static @Nullable Exchange guarding(ServletRequest request) {
    GuardedRequest guarded = GuardedRequest.in(request);
    return guarded != null && guarded.exchange() instanceof GuardAccess access
        ? access.exchange()
        : null;
  }

  /** Ties the exchange to its request, until the request is over. */
  void attachTo(ServletRequest request) {
    request.setAttribute(ExchangeAccess.ATTRIBUTE, this);
  }

  void detachFrom(ServletRequest request) {
    request.removeAttribute(ExchangeAccess.ATTRIBUTE);
  }

  public Exchanges exchanges() {
    return exchanges;
  }

  public FilterScope scope() {
    return scope;
  }

  ExchangeAccess access() {
    return access;
  }

  public Lifecycle lifecycle() {
    return lifecycle;
  }

  public ContainerObjects side() {
    return side;
  }

  Gate gate() {
    return gate;
  }

  AsyncCycles cycles() {
    return cycles;
  }

  Termination closing() {
    return closing;
  }

  RequestBody body() {
    return body;
  }

  ContainerEvents events() {
    return events;
  }

  /** What the application has taken; null if it has not. */
  @Nullable ApplicationObjects application() {
    return application;
  }

  GuardedRequest guardedRequest() {
    return guardedRequest;
  }

  GuardedResponse guardedResponse() {
    return guardedResponse;
  }

  /** The request's own policy takes the place of the filter's; null gives that its place back. */
  void cancelPolicy(@Nullable CancelPolicy own) {
    ownPolicy = own;
    Cancellation made = cancellation;
    if (made != null) {
      made.policy(cancelPolicy());
    }
  }

  private CancelPolicy cancelPolicy() {
    CancelPolicy own = ownPolicy;
    return own == null ? scope.cancelSettings().policy() : own;
  }

  // What a thread that works for it asks for.

  @Override
  public Cancellation token() {
    Cancellation made = cancellation;
    return made == null ? tokenMade() : made;
  }

  private Cancellation tokenMade() {
    Cancellation made =
        new Cancellation(
            scope,
            scope.cancelSettings().withPolicy(cancelPolicy()),
            side.method(),
            this,
            watching());
    if (CANCELLATION.compareAndSet(this, null, made)) {
      made.policy(cancelPolicy());
      End meanwhile = lifecycle.decidedEnd();
      if (meanwhile != null) {
        boolean unused = endWork(meanwhile);
        tellOfWork(meanwhile);
      }
    }
    return Objects.requireNonNull(cancellation);
  }

  /**
   * What begins to watch the client of a request that is synchronous; null if it is not, or the
   * calling thread is another than the container's, the only one that can reach its connection.
   */
  private @Nullable Runnable watching() {
    HttpServletRequest request = side.request();
    if (request == null || isStarted() || !lifecycle.isServlet()) {
      return null;
    }
    Connection known = Objects.requireNonNull(side.connectionOfAny());
    body.announced(request);
    return () -> watch(known);
  }

  /**
   * What leaves the filter in place of an exception: once its work was cancelled with the client,
   * that is none of the application's, and the container knows one for a lost client.
   */
  Exception leaving(Exception thrown) {
    Cancellation made = cancellation;
    Departure departure = made == null ? null : made.departure();
    if (departure == null) {
      return thrown;
    }
    ClientDisconnectedException lost = new ClientDisconnectedException(departure, thrown);
    Connection known = side.connectionOfAny();
    return known == null ? lost : known.quirks().ofLostClient(lost, lost);
  }

  @Override
  public @Nullable SafeAsyncResponse response() {
    ApplicationObjects taken = application;
    return taken == null ? null : taken.response();
  }

  // How it is counted, and what it is called.

  private void countOpen() {
    if (counted == Counted.NOT_YET && COUNTED.compareAndSet(this, Counted.NOT_YET, Counted.OPEN)) {
      scope.stats().opened();
    }
  }

  /** Counts an end, unless one was counted before. */
  private void countEnd(End decided) {
    Counted before = COUNTED.getAndSet(this, Counted.ENDED);
    if (before == Counted.ENDED) {
      return;
    }
    ExchangeStats stats = scope.stats();
    if (before == Counted.NOT_YET) {
      stats.opened();
    }
    stats.ended(decided);
    decided.departure().ifPresent(this::trace);
    boolean noticed = decided == leftBefore && leftSince != 0;
    long nanos = noticed ? Math.max(0, System.nanoTime() - leftSince) : 0;
    if (noticed) {
      stats.detected(nanos);
    }
    if (FlightRecords.recordsEnds()) {
      record(decided, noticed ? nanos : -1);
    }
    if (decided.kind() == End.Kind.DISCONNECTED && !stats.listeners().isEmpty()) {
      Optional<Duration> took = noticed ? Optional.of(Duration.ofNanos(nanos)) : Optional.empty();
      Subject about = subject();
      tellStats(
          new SafeAsyncStats.Disconnected(
              about.number(), about.method(), about.path(), decided, took));
    }
  }

  private void trace(Departure departure) {
    Consumer<Departure> traced = trace;
    if (traced != null) {
      Attempt.to(this, "trace a departure", () -> traced.accept(departure));
    }
  }

  private void record(End decided, long detectionNanos) {
    ApplicationObjects taken = application;
    FlightRecords.exchangeEnded(
        subject().forFlightRecorder(),
        decided.kind().name(),
        decided.departure().map(departure -> departure.evidence().name()).orElse(null),
        decided.after().toNanos(),
        detectionNanos,
        taken == null ? 0 : taken.sink().sent());
  }

  private void tellStats(SafeAsyncStats.Disconnected disconnected) {
    scope.callBack(
        this,
        () -> {
          for (Consumer<? super SafeAsyncStats.Disconnected> each : scope.stats().listeners()) {
            try {
              each.accept(disconnected);
            } catch (Throwable failure) {
              Log.listenerFailed(this, failure);
            }
          }
        });
  }

  /**
   * Returns what it is about. Of a synchronous request the container's thread alone may ask, as
   * nobody tells when the container has it back.
   */
  Subject subject() {
    Subject known = subject;
    if (known != null) {
      return known;
    }
    if (!isStarted() && !lifecycle.isServlet()) {
      return Subject.unknown(side.method());
    }
    named(null);
    return Objects.requireNonNull(subject);
  }

  /** While the container's objects are certainly this request's. */
  private void named(@Nullable Connection connection) {
    Subject known = subject;
    if (known == null || (known.peer() == null && connection != null)) {
      long number = known == null ? exchanges.nextNumber() : known.number();
      Subject made = Subject.of(number, side.method(), side.request(), connection);
      boolean unused = SUBJECT.compareAndSet(this, known, made);
    }
  }

  /** Once the end is decided. */
  private String fateOfWork() {
    Cancellation made = cancellation;
    return made == null ? "no work is bound" : made.fate();
  }

  /** How many bytes wait for the client. */
  long pendingBytes() {
    ApplicationObjects taken = application;
    return taken == null ? 0 : taken.outbox().pending().bytes();
  }

  /** Returns its number, its request and how far it is. */
  @Override
  public String toString() {
    End decided = lifecycle.decidedEnd();
    return subject() + ", " + (decided == null ? lifecycle.phase() : decided);
  }

  Duration age() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  public boolean isStarted() {
    return !lifecycle.isNew();
  }

  /** Whether the end has not been decided. */
  public boolean isLive() {
    return lifecycle.decidedEnd() == null;
  }

  public boolean isDisconnected() {
    End decided = lifecycle.decidedEnd();
    return decided != null && decided.kind() == End.Kind.DISCONNECTED;
  }

  // The container's thread comes and goes.

  /** The container's thread has come back after a dispatch; false if it is there already. */
  boolean resumed() {
    return lifecycle.arrive();
  }

  /** The container's thread has come after a dispatch that was on its way at the end. */
  void dispatchedLate(ServletRequest request) {
    dispatchedLate = true;
    if (request instanceof HttpServletRequest http) {
      closing.dispatchedLate(http);
      side.dispatchedLate(http);
    }
  }

  /** What the guards return, which are closed: the last dispatch is an asynchronous one. */
  boolean isDispatchedLate() {
    return dispatchedLate;
  }

  /** The container's thread leaves the filter. */
  void departed() {
    lifecycle.leaveChain();
    ApplicationObjects taken = application;
    if (taken != null) {
      taken.sink().servletLeft();
    }
    if (lifecycle.isSendingElsewhere() && side.clearsOnReturn()) {
      closing.rememberUncleared();
    }
    if (thrown != null && !isLive() && !lifecycle.containerCompletes()) {
      // What was closed meanwhile Jetty would meet with a warning.
      awaitContainer(side.isUnavailable() ? Duration.ZERO : CONTAINER_WAIT);
      return;
    }
    if (isLeftToContainer()) {
      leaveQuietly();
      awaitContainer(PAGE_WAIT);
      return;
    }
    switch (lifecycle.depart()) {
      case RESUMED -> {
        completedByContainer();
        leaveQuietly();
      }
      case NEW -> answered();
      case OPEN -> {}
      case STARTING, DISPATCHING, DISPATCHED, RESTARTING, LINGERING, TOLD, CLOSING, CLOSED ->
          settle();
      // Not on this thread: Undertow keeps an error for the servlet's return and, completed by the
      // servlet's own thread, writes its page to a stream that is non-blocking, without an end.
      case ENDED, TELLING -> scope.settle(this, this::settle);
    }
    letWritersOut();
  }

  /**
   * Nothing of it may be cancelled any more: the connection is kept, and serves another request.
   */
  private void answered() {
    answered = true;
    side.answered();
    Cancellation made = cancellation;
    if (made == null) {
      return;
    }
    End left = leftBefore;
    if (left != null) {
      side.tellLogs(left, made.isCancelled());
    }
    Throwable failure = thrown;
    End returned = failure == null ? End.of(End.Kind.COMPLETED, age()) : End.failed(failure, age());
    HangUpWatch watched = watch;
    if (watched != null) {
      watched.release();
    }
    boolean first = made.answered(returned);
    if (counted == Counted.OPEN) {
      countEnd(returned);
    }
    if (first && made.isAwaited(returned)) {
      scope.callBack(this, () -> made.tell(returned));
    }
  }

  /**
   * Whether the container goes on with a request that was dispatched, on this thread, which then
   * keeps its way in until the completion is told: what comes after the filter is given its guards,
   * or sees what is set through them.
   */
  private boolean isLeftToContainer() {
    if (!side.completesOnDispatchThread()) {
      return false;
    }
    if (lifecycle.phase() == Lifecycle.Phase.RESUMED) {
      completedByContainer();
    }
    return lifecycle.isContainersThread() && lifecycle.containerCompletes() && lifecycle.lets();
  }

  /** Whatever went through the filter has reached the container, which tells of it. */
  void leftByServlet() {
    if (lifecycle.servlet() == null) {
      lifecycle.depart();
    }
  }

  // The ways to start.

  /** The application wants the library's response; all that ask get the same. */
  SafeAsyncResponse take() {
    try {
      cycles.startForResponse();
    } catch (RuntimeException refusal) {
      throw lifecycle.servlet() == null ? alreadyAnswered(refusal) : refusal;
    }
    ApplicationObjects taken = application;
    ApplicationObjects now = taken == null ? takeFirst() : taken;
    if (lifecycle.isServlet() && side.isCommitted()) {
      now.sink().head().sentElsewhere();
    }
    // A dispatch has disarmed it, and what this one leads to may wait for ever as well.
    armDeadline();
    return now.response();
  }

  private ApplicationObjects takeFirst() {
    ApplicationObjects made = new ApplicationObjects(access, this, lifecycle, side, scope, token());
    String contentType = side.contentType();
    if (contentType != null) {
      made.sink().head().startFrom(contentType);
    }
    if (APPLICATION.compareAndSet(this, null, made)) {
      End meanwhile = lifecycle.decidedEnd();
      if (meanwhile != null) {
        publish(made, meanwhile, outcomeOf(meanwhile));
      }
    }
    return Objects.requireNonNull(application);
  }

  /** The filter starts the exchange before anybody has asked for it. */
  void startEagerly() {
    cycles.startEagerly();
    armDeadline();
  }

  /** A cycle has begun: an end can come, and what was written meanwhile can go. */
  void begun() {
    named(side.connection());
    countOpen();
    exchanges.opened(this);
    watch();
    signal();
    End left = leftBefore;
    if (left != null && isLive()) {
      endElsewhere(left);
    }
  }

  /** The container has refused to begin a cycle: what came meanwhile is told as before. */
  void notBegun() {
    End left = leftBefore;
    if (left != null && !isStarted()) {
      leftWhileSynchronous(left);
    }
  }

  private void signal() {
    ApplicationObjects taken = application;
    if (taken != null) {
      taken.outbox().signal();
    }
  }

  /** A dispatch was refused: the cycle goes on, and waits no longer than before. */
  void notDispatched() {
    if (application != null) {
      armDeadline();
    }
  }

  private void armDeadline() {
    Duration timeout = scope.config().timeout();
    if (!timeout.isZero() && deadline == null && isLive()) {
      deadline = scope.schedule(this, this::timedOut, timeout);
      if (!isLive()) {
        disarmDeadline();
      }
    }
  }

  /** What is left is the container's and the client's time, or the application's own affair. */
  @Override
  public void disarmDeadline() {
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
    if (connection != null && request != null && watch == null) {
      body.announced(request);
      watch(connection);
    }
  }

  /** As {@link #watch()}, of a synchronous request, from the first question for its client on. */
  private void watch(Connection connection) {
    if (watch != null) {
      return;
    }
    named(connection);
    countOpen();
    HangUpWatch started = scope.watch(connection, this::gone);
    if (!WATCH.compareAndSet(this, null, started)) {
      started.release();
      return;
    }
    if (body.isWhole()) {
      started.bodyRead();
    }
    if (!isLive() || answered) {
      started.release();
    }
  }

  /** The application has met the end of the request's body. */
  void bodyRead() {
    HangUpWatch now = watch;
    if (now != null) {
      now.bodyRead();
    }
  }

  /** Bytes have been given to the container for the client. */
  void written() {
    HangUpWatch now = watch;
    if (now != null) {
      now.written();
    }
  }

  /** Returns how a hang-up would be noticed. */
  @Override
  public Detection detection() {
    HangUpWatch now = watch;
    return now == null ? Detection.ON_WRITE : now.detection();
  }

  // The ways to an end.

  /** All of the response has been handed over. */
  @Override
  public void completed() {
    decide(End.of(End.Kind.COMPLETED, age()), false, Outcome.HANDED_OVER);
    settle();
  }

  /** The application has called complete. */
  void completedByApplication() {
    if (decide(End.of(End.Kind.COMPLETED, age()), false)) {
      settle();
    }
  }

  @Override
  public void disconnected(Departure departure, @Nullable Throwable cause) {
    end(End.disconnected(departure, age(), cause));
  }

  @Override
  public void failed(Throwable cause) {
    end(End.failed(cause, age()));
  }

  /** Returns false if it has ended in another way, and is being closed. */
  boolean shutDown() {
    end(End.of(End.Kind.SHUT_DOWN, age()));
    body.left();
    End decided = lifecycle.decidedEnd();
    return decided != null && decided.kind() == End.Kind.SHUT_DOWN;
  }

  private void end(End decided) {
    decide(decided, false);
    settle();
  }

  /** On the timer's thread. */
  private void timedOut() {
    endElsewhere(End.of(End.Kind.TIMED_OUT, age()));
  }

  /** On the detector's thread. What becomes asynchronous meanwhile looks for this when it has. */
  private void gone(Departure departure, long since) {
    End left = End.disconnected(departure, age(), null);
    leftSince = since;
    leftBefore = left;
    if (isStarted()) {
      endElsewhere(left);
    } else {
      leftWhileSynchronous(left);
    }
  }

  /** There is no end that anybody but who has asked would hear of: the servlet goes on. */
  private void leftWhileSynchronous(End left) {
    if (answered) {
      return;
    }
    // Before the servlet, whose work this ends, goes on and makes the request asynchronous.
    leftSaid = true;
    if (endWork(left)) {
      countEnd(left);
      Log.disconnected(subject(), left, this::fateOfWork);
    }
    tellOfWork(left);
  }

  /** A write of the application failed, which has the container's exception and no lock now. */
  void lostOnWrite(Throwable failure) {
    lost(Evidence.WRITE_FAILED, "a failing write", failure);
  }

  /** A write of a synchronous request failed, with no lock. */
  void failedOnWrite(IOException failure) {
    if (ConnectionFailures.callShowsDeparture(failure, side.quirksOfAny())) {
      lostOnWrite(failure);
    }
  }

  /** A writer of the application has failed, of which its container's does not say why. */
  void failedOnPrint() {
    if (side.isStreamGone()) {
      lost(Evidence.WRITE_FAILED, "a writer that has failed", null);
    }
  }

  /** A read of the body failed, which has the container's exception and no lock now. */
  void failedOnRead(Throwable failure) {
    Evidence evidence = evidenceOfRead(failure);
    if (evidence != null) {
      lost(evidence, "a failing read", failure);
    }
  }

  /** Null where the client may be there. */
  private @Nullable Evidence evidenceOfRead(Throwable failure) {
    boolean reset = ConnectionFailures.showReset(failure);
    if (!reset && !ConnectionFailures.showEnd(failure)) {
      return null;
    }
    if (side.isHttp2()) {
      return side.departure().evidence();
    }
    boolean ends = scope.config().halfClose() == HalfClose.DISCONNECT;
    return reset ? Evidence.RST : ends ? Evidence.FIN : null;
  }

  private void lost(Evidence evidence, String noticedBy, @Nullable Throwable failure) {
    End left = End.disconnected(Departure.now(evidence, noticedBy), age(), failure);
    if (isStarted()) {
      endElsewhere(left);
    } else {
      leftBefore = left;
      leftWhileSynchronous(left);
    }
  }

  /** A write of the application failed in another way: its client may be there. */
  void limitedOnWrite(Throwable failure) {
    writeLimit = failure;
  }

  /** On the timer's thread or one of the application's. */
  @Override
  public void tooSlow(SlowClientException cause) {
    if (cause.isStalled() && isLive() && FlightRecords.recordsStalls()) {
      FlightRecords.writeStalled(
          subject().forFlightRecorder(), pendingBytes(), String.valueOf(cause.getMessage()));
    }
    endElsewhere(End.failed(cause, age()));
  }

  /** For a thread that must not wait for a container. */
  private void endElsewhere(End decided) {
    decide(decided, false);
    settleElsewhere();
  }

  void settleElsewhere() {
    if (!closing.tell()) {
      scope.settle(this, this::settle);
    }
  }

  /**
   * An exception goes through the filter. It reaches the container, which answers it by its own
   * rules and says so to AsyncListeners, unless an outer filter catches it, of which nobody hears.
   * So a cycle of the application's own goes on until the container tells, or its timeout ends it:
   * another thread may still answer. The library's response ends at once, and is completed if the
   * container does not do so by itself. After a dispatch without a new cycle the container
   * completes in either case.
   */
  void thrown(Throwable cause) {
    End failed = End.failed(cause, age());
    switch (lifecycle.phase()) {
      case OPEN, DISPATCHING -> {
        if (application != null || cycles.isUnclaimed()) {
          thrown = cause;
          if (decide(failed, false)) {
            awaitQuiet();
            closing.remember();
          }
        }
      }
      case STARTING, DISPATCHED, RESUMED, RESTARTING -> {
        if (decide(failed, true)) {
          leaveQuietly();
        }
      }
      case NEW, ENDED -> thrown = cause;
      case TELLING, LINGERING, TOLD, CLOSING, CLOSED -> {}
    }
  }

  /** The servlet has returned, or so it looks: what it threw the container may keep to itself. */
  void returned() {
    if (application != null && side.isUnavailable()) {
      thrown(new UnavailableException("The servlet has thrown an UnavailableException"));
    }
  }

  /** Whether an exception through the filter is the end, so that an outer one may answer it. */
  boolean isThrown(@Nullable End decided) {
    return decided != null && thrown != null && decided.cause().orElse(null) == thrown;
  }

  /** What the container does not end by itself in time the library does: nobody else would. */
  private void awaitContainer(Duration most) {
    containerDue =
        scope.schedule(
            this,
            () ->
                scope.settle(
                    this,
                    () -> {
                      lifecycle.depart();
                      settle();
                    }),
            most);
  }

  /** On a thread of the container's, which completes by itself. */
  void completedByContainer() {
    if (!decide(End.of(End.Kind.COMPLETED, age()), true)) {
      lifecycle.leaveToContainer();
    }
  }

  /**
   * On the timer's thread, once in a while: ends what the container has ended by itself. It may be
   * about to tell of that, so what is found has to last until the next look.
   */
  void lookAtContainer() {
    boolean before = foundEnded;
    foundEnded = isLive() && side.isEndedByContainer();
    if (before && foundEnded) {
      endedByContainer();
    } else if (isTimeoutHeldUp()) {
      timedOut();
    }
  }

  /**
   * Whether the container's timeout waits for the lock that a write holds, which waits for the
   * client: on Tomcat, whose lock no write holds for so long without the library.
   */
  private boolean isTimeoutHeldUp() {
    AsyncCycle now = cycles.current();
    return now != null && now.isOverdue() && lifecycle.isSending() && side.writeLock() != null;
  }

  /** Nobody was told: of Jetty's abort, and of a listener that has thrown, containers do not. */
  private void endedByContainer() {
    Throwable limit = writeLimit;
    if (limit != null) {
      // The client may be there still, and slow.
      endElsewhere(End.failed(limit, age()));
    } else if (side.isCutOff()) {
      endElsewhere(End.disconnected(ContainerObjects.cutOff(), age(), null));
    } else if (lifecycle.isOpen()) {
      String why = "The container has ended the request by itself, before it was completed";
      endElsewhere(End.failed(new IOException(why), age()));
    } else {
      endElsewhere(End.of(End.Kind.COMPLETED, age()));
    }
  }

  /** The application may have had the container cut the response off, of which it tells nobody. */
  void errorSent(int status) {
    String why = "The application has aborted the response: sendError(" + status + ")";
    if (side.isAbort(status) && decide(End.failed(new IOException(why), age()), false)) {
      side.aborted();
      settleElsewhere();
    }
  }

  /** On a thread of the container's, which has found the connection lost. */
  void lostByContainer(Departure departure, @Nullable Throwable cause) {
    if (!decide(End.disconnected(departure, age(), cause), false)) {
      lifecycle.leaveToContainer();
    }
  }

  /** On a thread of the container's, which answers unless the library is to answer. */
  void decideForContainer(End decided) {
    if (decide(decided, application == null) && lifecycle.containerCompletes()) {
      // Jetty does not tell of a completion after an error.
      awaitContainer(side.completesOnDispatchThread() ? PAGE_WAIT : CONTAINER_WAIT);
    }
  }

  /** No call of another thread may be inside when the container's own thread goes on. */
  void leaveQuietly() {
    leaveQuietly(false);
  }

  /**
   * As {@link #leaveQuietly()}, from the last that the container tells, if it completes by itself:
   * whom another thread still tells of the end is answered by what is remembered from now on.
   */
  void leaveForGood() {
    leaveQuietly();
    lifecycle.takenBack();
    boolean unused = lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * As {@link #leaveQuietly()}.
   *
   * @param inside whether the calling thread is counted in, and comes out as the last
   */
  void leaveQuietly(boolean inside) {
    if (!awaitQuiet()) {
      lifecycle.leaveToContainer();
    }
    if (inside) {
      cycles.dispatchInEvent();
      boolean unused = lifecycle.exit();
    }
    if (!isLive()) {
      leaveBody();
    }
    cycles.dispatchIfWanted();
    if (isInOwnCall()) {
      closing.tell();
    } else {
      closing.tellHere();
    }
    closing.lingered();
    closing.close();
  }

  /**
   * Whether the container is calling from inside a call of the library's, on a thread that must not
   * run code of the application: a writer's, a settler's, an I/O thread.
   */
  boolean isInOwnCall() {
    ApplicationObjects taken = application;
    return closing.isClosing() || (taken != null && taken.sink().isInside());
  }

  private boolean awaitQuiet() {
    boolean quiet = lifecycle.awaitQuiet(WRITE_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    if (!quiet) {
      failWrites();
      quiet = lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS);
    }
    if (!quiet) {
      Log.stuck(subject() + ", " + lifecycle);
    }
    return quiet;
  }

  /** The container takes its objects back: what was not read until now is not read any more. */
  private void leaveBody() {
    End decided = Objects.requireNonNull(lifecycle.decidedEnd());
    if (decided.kind() == End.Kind.DISCONNECTED) {
      lifecycle.awaitReads(READS_MILLIS, TimeUnit.MILLISECONDS);
    }
    lifecycle.abandonReads();
    closing.remember();
    GuardedReadListener reading = decided.kind() == End.Kind.COMPLETED ? null : body.listener();
    if (reading != null && isInOwnCall()) {
      scope.callBack(this, reading::end);
    } else if (reading != null) {
      reading.end();
    }
    body.left();
  }

  private boolean decide(End decided, boolean containerCompletes) {
    return decide(decided, containerCompletes, outcomeOf(decided));
  }

  /** What an end says of the delivery by itself. */
  private static Outcome outcomeOf(End end) {
    return end.kind() == End.Kind.DISCONNECTED ? Outcome.CLIENT_GONE : Outcome.UNKNOWN;
  }

  private boolean decide(End decided, boolean containerCompletes, Outcome known) {
    if (!lifecycle.end(decided, containerCompletes)) {
      return false;
    }
    disarmDeadline();
    HangUpWatch watched = watch;
    if (watched != null) {
      watched.release();
    }
    countEnd(decided);
    boolean unused = endWork(decided);
    tellOfWork(decided);
    if (decided.kind() == End.Kind.DISCONNECTED) {
      if (!leftSaid) {
        Log.disconnected(subject(), decided, this::fateOfWork);
      }
    } else if (decided.kind() == End.Kind.FAILED
        && !isThrown(decided)
        && !lifecycle.containerCompletes()) {
      boolean ofConnection =
          decided.cause().filter(ConnectionFailures::isOfContainersAlone).isPresent();
      Log.failed(subject(), decided, ofConnection, this::fateOfWork);
    }
    ApplicationObjects taken = application;
    if (taken != null) {
      publish(taken, decided, known);
    }
    letWritersOut();
    return true;
  }

  /**
   * Cancels what is bound, if this end does.
   *
   * @return whether it is the first that whoever has asked for the token hears of
   */
  private boolean endWork(End decided) {
    Cancellation made = cancellation;
    return made != null && made.ended(decided);
  }

  /** Tells whoever has asked for the token alone; once the end is counted. */
  private void tellOfWork(End decided) {
    Cancellation made = cancellation;
    if (made != null && application == null && made.isAwaited(decided)) {
      scope.callBack(this, () -> made.tell(decided));
    }
  }

  /**
   * Sees that an end or a dispatch does not wait for ever for a call that waits for the client: a
   * short time later that fails, so that the last one out can close. No end is changed by it.
   */
  void letWritersOut() {
    if (lifecycle.isHeldUp()) {
      Duration wait = isLive() ? DISPATCH_WAIT : WRITE_WAIT;
      Future<?> unused = scope.schedule(this, () -> scope.settle(this, this::failWrites), wait);
    }
  }

  private void failWrites() {
    if (isLive() && lifecycle.isHeldUp()) {
      endElsewhere(End.failed(SlowClients.heldUp(), age()));
    }
    if (lifecycle.enterToFail()) {
      try {
        side.failWrites();
      } finally {
        exit();
      }
    }
  }

  private void publish(ApplicationObjects to, End decided, Outcome known) {
    if (to.publish(decided)) {
      scope.callBack(this, () -> to.tell(decided, known));
    }
  }

  /** The container has called a WriteListener: an end that waited for that is carried out. */
  void writeListenerCalled() {
    boolean due = side.isCallDue();
    side.listenerCalled();
    if (due && !isLive()) {
      settleElsewhere();
    }
  }

  /** Comes out of a read of the body, and does what waited for that. */
  void exitRead() {
    if (lifecycle.exitRead()) {
      closing.close();
    }
  }

  /** Nobody needs the request any more, if its end has come. */
  void lingered() {
    closing.lingered();
    letWritersOut();
  }

  /** Leaves the container, and does what waited for the last call to come out. */
  void exit() {
    if (lifecycle.exit()) {
      cycles.dispatchIfWanted();
      closing.close();
    }
  }

  /** A callback of the application's has returned: what waited for that is done elsewhere. */
  void exitCallback() {
    if (lifecycle.exitCallback()) {
      scope.settle(this, this::settle);
    }
  }

  /**
   * Does what is left to do of a dispatch or an end, as far as it can be done now. Runs no code of
   * the application.
   */
  void settle() {
    cycles.dispatchIfWanted();
    closing.tell();
    closing.lingered();
    closing.close();
    letWritersOut();
  }

  /** The container's side is closed: nothing touches it any more. */
  void closed() {
    exchanges.ended(this);
    AsyncCycle last = cycles.current();
    if (last != null) {
      last.guarded().closed();
    }
    Future<?> due = containerDue;
    if (due != null) {
      due.cancel(false);
    }
    ApplicationObjects taken = application;
    if (taken != null) {
      taken.sink().forget();
      taken.outbox().signal();
    }
  }

  /**
   * What reads and writes of the body fail with from now on: an IOException, as every container's.
   */
  IOException endedException() {
    if (isDisconnected()) {
      return disconnectedException();
    }
    End decided = lifecycle.decidedEnd();
    String why = decided == null ? "the request is being dispatched" : decided.toString();
    Throwable cause = decided == null ? null : decided.cause().orElse(null);
    return new IOException("The exchange is over: " + why, cause);
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
}
