package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Outcome;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.FlightRecords;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.Traces;
import io.github.safeasync.internal.body.SlowClients;
import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.guard.ExchangeAccess;
import io.github.safeasync.internal.guard.Gate;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.internal.guard.RequestBody;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.UnavailableException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, from the filter to the end: it asks the {@link Lifecycle} what is
 * decided, and has it acted upon.
 *
 * <pre>
 *   GuardedRequest, GuardedResponse ──► Gate ────────┐
 *   SafeAsyncResponse ──► ApplicationObjects ────────┤
 *   GuardedAsyncContext ──► AsyncCycles ─────────────┼─► Exchange ──► Termination ──► ContainerObjects
 *   the container ──► AsyncCycle ──► ContainerEvents ┤   decides      tells, closes
 *   the detector, the timer, the filter's end ───────┘
 * </pre>
 *
 * <p>The ways to an end: the {@link io.github.safeasync.internal.body.Outbox} has handed over a
 * finished response; the detector, a failing write or the container shows that the client has gone;
 * the deadline passes; the application completes or fails; the filter shuts down. Each decides
 * first, which one thread wins, then tells the listeners, and the last thread to come out of the
 * container closes its side.
 */
public final class Exchange implements ResponseEnds, Client.Served {

  /**
   * How long an end waits for a write that waits for the client. Without the library it does not
   * wait at all, and such a write fails on every container, or never returns.
   */
  static final Duration WRITE_WAIT = Duration.ofMillis(250);

  /** As {@link #WRITE_WAIT}, for a dispatch: after that the response may still go on. */
  private static final Duration DISPATCH_WAIT = Duration.ofSeconds(1);

  private static final AtomicReferenceFieldUpdater<Exchange, ApplicationObjects> APPLICATION =
      AtomicReferenceFieldUpdater.newUpdater(
          Exchange.class, ApplicationObjects.class, "application");

  private static final AtomicReferenceFieldUpdater<Exchange, Asynchronous> ASYNCHRONOUS =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, Asynchronous.class, "asynchronous");

  private static final AtomicReferenceFieldUpdater<Exchange, RequestBody> BODY =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, RequestBody.class, "body");

  private static final AtomicReferenceFieldUpdater<Exchange, Client> CLIENT =
      AtomicReferenceFieldUpdater.newUpdater(Exchange.class, Client.class, "client");

  /** What no synchronous request needs. */
  private record Asynchronous(
      AsyncCycles cycles, Termination termination, ContainerEvents events) {}

  private final Exchanges exchanges;
  private final FilterScope scope;
  private final Lifecycle lifecycle = new Lifecycle(Thread.currentThread());
  private final long startedNanos = System.nanoTime();
  private final ContainerObjects container;
  private final GuardAccess access = new GuardAccess(this);
  private final Gate gate = new Gate(access);
  private final GuardedRequest guardedRequest;
  private final GuardedResponse guardedResponse;

  /** What the request is traced by; null if by nothing. */
  private final @Nullable Consumer<Departure> trace = Traces.current();

  private volatile @Nullable ApplicationObjects application;

  /** Null until it becomes asynchronous, or may. */
  private volatile @Nullable Asynchronous asynchronous;

  /** Null until it matters to anybody. */
  private volatile @Nullable RequestBody body;

  /** As {@link #body}. */
  private volatile @Nullable Client client;

  private volatile @Nullable Future<?> deadline;

  /** The filter has returned, and the request was synchronous. */
  private volatile boolean answered;

  private volatile boolean dispatchedLate;

  /** What went through the filter, to decide the end or after it; an outer one may answer it. */
  private volatile @Nullable Throwable thrown;

  Exchange(Exchanges exchanges, HttpServletRequest request, HttpServletResponse response) {
    this.exchanges = exchanges;
    this.scope = exchanges.scope();
    this.container = new ContainerObjects(this, scope, request, response);
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
    if (request.getAttribute(ExchangeAccess.ATTRIBUTE) instanceof GuardAccess access) {
      return access.exchange();
    }
    Exchange guarding = guarding(request);
    return guarding == null ? servedHere(request) : guarding;
  }

  private static @Nullable Exchange guarding(ServletRequest request) {
    GuardedRequest guarded = GuardedRequest.in(request);
    return guarded != null && guarded.exchange() instanceof GuardAccess access
        ? access.exchange()
        : null;
  }

  /**
   * Of a synchronous request the container's own object bears no mark: it comes back on the thread
   * that serves it, if at all, as with Undertow's page for an error.
   */
  private static @Nullable Exchange servedHere(ServletRequest request) {
    if (CurrentExchange.get() instanceof Exchange exchange) {
      HttpServletRequest own = exchange.container.request();
      return own != null && innermost(own) == innermost(request) ? exchange : null;
    }
    return null;
  }

  private static ServletRequest innermost(ServletRequest request) {
    ServletRequest at = request;
    while (at instanceof ServletRequestWrapper wrapper) {
      at = wrapper.getRequest();
    }
    return at;
  }

  /** Marks the container's request, which a dispatch brings back. */
  void markRequest() {
    HttpServletRequest own = container.request();
    if (own != null) {
      own.setAttribute(ExchangeAccess.ATTRIBUTE, access);
    }
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

  public ContainerObjects container() {
    return container;
  }

  Gate gate() {
    return gate;
  }

  AsyncCycles cycles() {
    return asynchronous().cycles;
  }

  Termination termination() {
    return asynchronous().termination;
  }

  ContainerEvents events() {
    return asynchronous().events;
  }

  private Asynchronous asynchronous() {
    Asynchronous known = asynchronous;
    if (known != null) {
      return known;
    }
    Asynchronous made =
        new Asynchronous(new AsyncCycles(this), new Termination(this), new ContainerEvents(this));
    boolean unused = ASYNCHRONOUS.compareAndSet(this, null, made);
    return Objects.requireNonNull(asynchronous);
  }

  RequestBody body() {
    RequestBody known = body;
    if (known != null) {
      return known;
    }
    boolean unused = BODY.compareAndSet(this, null, new RequestBody(access));
    return Objects.requireNonNull(body);
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

  private Client client() {
    Client known = client;
    if (known != null) {
      return known;
    }
    Client made = new Client(this, scope, lifecycle, container, body(), trace);
    boolean unused = CLIENT.compareAndSet(this, null, made);
    return Objects.requireNonNull(client);
  }

  void cancelPolicy(@Nullable CancelPolicy own) {
    client().policy(own);
  }

  /** What leaves the filter in place of an exception. */
  Exception leaving(Exception thrown) {
    Client known = client;
    return known == null ? thrown : known.leaving(thrown);
  }

  // What a thread that works for it asks for.

  @Override
  public Cancellation token() {
    return client().token();
  }

  @Override
  public @Nullable SafeAsyncResponse response() {
    ApplicationObjects taken = application;
    return taken == null ? null : taken.response();
  }

  /** Returns what it is about, for the log. */
  Subject subject() {
    return client().observation().subject();
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

  @Override
  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  @Override
  public boolean isStarted() {
    return !lifecycle.isNew();
  }

  @Override
  public boolean isLive() {
    return lifecycle.decidedEnd() == null;
  }

  @Override
  public boolean isAnswered() {
    return answered;
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
      termination().dispatchedLate(http);
      container.dispatchedLate(http);
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
    if (lifecycle.isSendingElsewhere() && container.clearsOnReturn()) {
      termination().rememberUncleared();
    }
    if (thrown != null && !isLive() && !lifecycle.containerCompletes()) {
      // What was closed meanwhile Jetty would meet with a warning.
      events().awaitEnd(container.isUnavailable());
      return;
    }
    if (isLeftToContainer()) {
      events().leaveToPage();
      return;
    }
    switch (lifecycle.depart()) {
      case RESUMED -> {
        events().completes();
        events().leaveQuietly();
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

  private void answered() {
    answered = true;
    container.answered();
    Client known = client;
    if (known != null) {
      Throwable failure = thrown;
      known.answered(
          failure == null ? End.of(End.Kind.COMPLETED, age()) : End.failed(failure, age()));
    }
  }

  /**
   * Whether the container goes on with a request that was dispatched, on this thread, which then
   * keeps its way in until the completion is told: what comes after the filter is given its guards,
   * or sees what is set through them.
   */
  private boolean isLeftToContainer() {
    if (!container.completesOnDispatchThread()) {
      return false;
    }
    if (lifecycle.phase() == Lifecycle.Phase.RESUMED) {
      events().completes();
    }
    return lifecycle.isContainersThread() && lifecycle.containerCompletes() && lifecycle.lets();
  }

  // The ways to start.

  /** The application wants the library's response; all that ask get the same. */
  SafeAsyncResponse take() {
    try {
      cycles().startForResponse();
    } catch (RuntimeException refusal) {
      throw lifecycle.servlet() == null ? alreadyAnswered(refusal) : refusal;
    }
    ApplicationObjects taken = application;
    ApplicationObjects now = taken == null ? takeFirst() : taken;
    if (lifecycle.isServlet() && container.isCommitted()) {
      now.sink().head().sentElsewhere();
    }
    // A dispatch has disarmed it, and what this one leads to may wait for ever as well.
    armDeadline();
    return now.response();
  }

  private ApplicationObjects takeFirst() {
    ApplicationObjects made =
        new ApplicationObjects(access, this, lifecycle, container, scope, token());
    String contentType = container.contentType();
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
    cycles().startEagerly();
    armDeadline();
  }

  /** A cycle has begun: an end can come, and what was written meanwhile can go. */
  void begun() {
    Client known = client();
    known.observation().named(container.connection());
    known.observation().opened();
    exchanges.opened(this);
    known.watch();
    signal();
    known.begun();
  }

  /** The container has refused to begin a cycle. */
  void notBegun() {
    Client known = client;
    if (known != null) {
      known.notBegun();
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

  /** The application has met the end of the request's body. */
  void bodyRead() {
    Client known = client;
    if (known != null) {
      known.bodyRead();
    }
  }

  /** Bytes have been given to the container for the client. */
  void written() {
    Client known = client;
    if (known != null) {
      known.written();
    }
  }

  @Override
  public Detection detection() {
    Client known = client;
    return known == null ? Detection.ON_WRITE : known.detection();
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
    body().left();
    End decided = lifecycle.decidedEnd();
    return decided != null && decided.kind() == End.Kind.SHUT_DOWN;
  }

  private void end(End decided) {
    decide(decided, false);
    settle();
  }

  /** On the timer's thread. */
  void timedOut() {
    endElsewhere(End.of(End.Kind.TIMED_OUT, age()));
  }

  void lostOnWrite(Throwable failure) {
    client().lostOnWrite(failure);
  }

  void failedOnWrite(IOException failure) {
    client().failedOnWrite(failure);
  }

  void failedOnPrint() {
    client().failedOnPrint();
  }

  void failedOnRead(Throwable failure) {
    client().failedOnRead(failure);
  }

  /** A write of the application failed in another way: its client may be there. */
  void limitedOnWrite(Throwable failure) {
    events().limited(failure);
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

  @Override
  public void endElsewhere(End decided) {
    decide(decided, false);
    settleElsewhere();
  }

  void settleElsewhere() {
    if (!termination().tell()) {
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
        if (application != null || cycles().isUnclaimed()) {
          thrown = cause;
          if (decide(failed, false)) {
            events().awaitQuiet();
            termination().remember();
          }
        }
      }
      case STARTING, DISPATCHED, RESUMED, RESTARTING -> {
        if (decide(failed, true)) {
          events().leaveQuietly();
        }
      }
      case NEW, ENDED -> thrown = cause;
      case TELLING, LINGERING, TOLD, CLOSING, CLOSED -> {}
    }
  }

  /** The servlet has returned, or so it looks: what it threw the container may keep to itself. */
  void returned() {
    if (application != null && container.isUnavailable()) {
      thrown(new UnavailableException("The servlet has thrown an UnavailableException"));
    }
  }

  /** Whether an exception through the filter is the end, so that an outer one may answer it. */
  boolean isThrown(@Nullable End decided) {
    return decided != null && thrown != null && decided.cause().orElse(null) == thrown;
  }

  /** The application may have had the container cut the response off, of which it tells nobody. */
  void errorSent(int status) {
    String why = "The application has aborted the response: sendError(" + status + ")";
    if (container.isAbort(status) && decide(End.failed(new IOException(why), age()), false)) {
      container.aborted();
      settleElsewhere();
    }
  }

  /**
   * Decides the end, and does what waits for nothing.
   *
   * @param containerCompletes whether the container completes by itself
   * @return false if it has ended before
   */
  boolean decide(End decided, boolean containerCompletes) {
    return decide(decided, containerCompletes, outcomeOf(decided));
  }

  /** What an end says of the delivery by itself. */
  private static Outcome outcomeOf(End end) {
    return end.kind() == End.Kind.DISCONNECTED ? Outcome.CLIENT_GONE : Outcome.UNKNOWN;
  }

  private boolean decide(End decided, boolean containerCompletes, Outcome outcome) {
    if (!lifecycle.end(decided, containerCompletes)) {
      return false;
    }
    disarmDeadline();
    ApplicationObjects taken = application;
    Client known = client();
    known.ended(decided, taken == null ? 0 : taken.sink().sent());
    if (decided.kind() == End.Kind.FAILED
        && !isThrown(decided)
        && !lifecycle.containerCompletes()) {
      boolean ofConnection =
          decided.cause().filter(ConnectionFailures::isOfContainersAlone).isPresent();
      Log.failed(subject(), decided, ofConnection, known::fateOfWork);
    }
    if (taken != null) {
      publish(taken, decided, outcome);
    }
    letWritersOut();
    return true;
  }

  /**
   * Sees that an end or a dispatch does not wait for ever for a call that waits for the client: a
   * short time later that fails, so that the last one out can close. No end is changed by it.
   */
  void letWritersOut() {
    if (lifecycle.isHeldUp()) {
      Duration wait = isLive() ? DISPATCH_WAIT : WRITE_WAIT;
      Future<?> unused =
          scope.scheduleSurely(this, () -> scope.settle(this, this::failWrites), wait);
    }
  }

  void failWrites() {
    if (isLive() && lifecycle.isHeldUp()) {
      endElsewhere(End.failed(SlowClients.heldUp(), age()));
    }
    if (lifecycle.enterToFail()) {
      try {
        container.failWrites();
      } finally {
        exit();
      }
    }
  }

  private void publish(ApplicationObjects to, End decided, Outcome known) {
    if (to.publish(decided, known)) {
      scope.callBack(this, () -> to.tell(decided, known));
    }
  }

  /** The container has called a WriteListener: an end that waited for that is carried out. */
  void writeListenerCalled() {
    boolean due = container.isCallDue();
    container.listenerCalled();
    if (due && !isLive()) {
      settleElsewhere();
    }
  }

  /** Comes out of a read of the body, and does what waited for that. */
  void exitRead() {
    if (lifecycle.exitRead()) {
      termination().close();
    }
  }

  /** Nobody needs the request any more, if its end has come. */
  void lingered() {
    if (isStarted()) {
      termination().lingered();
      letWritersOut();
    }
  }

  /** Leaves the container, and does what waited for the last call to come out. */
  void exit() {
    if (lifecycle.exit()) {
      cycles().dispatchIfWanted();
      termination().close();
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
    cycles().dispatchIfWanted();
    termination().tell();
    termination().lingered();
    termination().close();
    letWritersOut();
  }

  /** The container's side is closed: nothing touches it any more. */
  void closed() {
    exchanges.ended(this);
    AsyncCycle last = cycles().current();
    if (last != null) {
      last.guarded().closed();
    }
    events().closed();
    ApplicationObjects taken = application;
    if (taken != null) {
      taken.sink().forget();
      taken.outbox().signal();
    }
  }

  /** What reads and writes of the body fail with from now on. */
  IOException endedException() {
    return EndExceptions.ofLateCall(lifecycle.decidedEnd());
  }

  /** The exception that stands for the departure; once the end is DISCONNECTED. */
  ClientDisconnectedException disconnectedException() {
    return EndExceptions.ofDeparture(lifecycle.decidedEnd());
  }
}
