package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.guard.GuardedReadListener;
import io.github.safeasync.internal.guard.GuardedWriteListener;
import io.github.safeasync.internal.guard.RequestBody;
import io.github.safeasync.internal.guard.RequestSnapshot;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What follows a decided end, each step by the one thread that claims it from the {@link
 * Lifecycle}: the application's own AsyncListeners hear of it, the container's side is closed once
 * nothing is inside, and the listeners hear of the completion.
 */
final class Termination {

  /** How long the container may take to tell of a completion. */
  private static final Duration COMPLETION_WAIT = Duration.ofSeconds(1);

  /** How long the container's side stays open for listeners that no thread begins to tell. */
  private static final Duration TELL_WAIT = Duration.ofSeconds(1);

  /**
   * How long the container's side is kept for a body that has arrived, and of which nothing is read
   * meanwhile. Longer than work that has a thread is away from what it reads, and than work waits
   * for a thread of a pool that is busy; shorter than the 30 s for which containers keep an
   * asynchronous request by themselves, so that fewer sockets are in CLOSE_WAIT than without the
   * library. What a kernel holds for a connection is finite, so this ends.
   */
  private static final Duration LINGER = Duration.ofSeconds(10);

  /** How long a read that is inside may take to come out; it is not waiting for a dead client. */
  private static final Duration READ_WAIT = Duration.ofMillis(500);

  /** How long the container may take to call a WriteListener for the first time. */
  private static final Duration CALL_WAIT = Duration.ofSeconds(5);

  /**
   * How long the container may take to tell a ReadListener of the end of its body, of which that
   * hears before the AsyncListeners hear of the end of the request.
   */
  private static final Duration READER_WAIT = Duration.ofSeconds(1);

  /**
   * As {@link #READER_WAIT}, where the ReadListener may go on with what has arrived, so that nobody
   * but the container may tell it: on a machine that is busy that takes its time.
   */
  private static final Duration ARRIVED_WAIT = Duration.ofSeconds(5);

  /** Whether the AsyncListeners wait for the ReadListener. */
  private enum ReaderWait {
    NOT_YET,
    WAITING,
    OVER
  }

  /**
   * What is known of the request.
   *
   * @param uncleared whether it was taken just before the container cleared the request
   * @param last whether nothing else counts any more
   */
  private record Known(RequestSnapshot request, boolean uncleared, boolean last) {

    static final Known NOTHING = new Known(RequestSnapshot.NOTHING, false, false);

    /** What another look has found, which may be nothing. */
    Known then(@Nullable RequestSnapshot now, boolean isLast) {
      if (now == null) {
        return new Known(request, uncleared, isLast);
      }
      return new Known(uncleared ? now.withAttributesOf(request) : now, uncleared, isLast);
    }

    Known at(HttpServletRequest dispatched, RequestBody body) {
      return new Known(request.at(dispatched, body), uncleared, last);
    }
  }

  private static final AtomicReferenceFieldUpdater<Termination, Known> KNOWN =
      AtomicReferenceFieldUpdater.newUpdater(Termination.class, Known.class, "known");

  private static final AtomicReferenceFieldUpdater<Termination, ReaderWait> READER =
      AtomicReferenceFieldUpdater.newUpdater(Termination.class, ReaderWait.class, "readerWait");

  private final Exchange exchange;
  private final Lifecycle lifecycle;
  private volatile @Nullable GuardedWriteListener writeListener;
  private volatile @Nullable Future<?> completionDue;
  private volatile Known known = Known.NOTHING;
  private volatile ReaderWait readerWait = ReaderWait.NOT_YET;
  private volatile @Nullable Future<?> readerDue;
  private volatile @Nullable Future<?> lingerDue;
  private volatile @Nullable Future<?> readsDue;
  private volatile @Nullable Future<?> callDue;

  /** The thread that runs AsyncListeners before the container's side is closed. */
  private volatile @Nullable Thread listening;

  /** Whether a thread of the library's tells of the end, beside which the container goes on. */
  private volatile boolean toldElsewhere;

  /** Set before the last touch of what the application has not completed, or was cut off. */
  private volatile boolean tellsCompletion;

  /** The thread that is in the last touch of the container. */
  private volatile @Nullable Thread closer;

  Termination(Exchange exchange) {
    this.exchange = exchange;
    this.lifecycle = exchange.lifecycle();
  }

  /**
   * What the request was, once the container has its objects back. Whoever asks at that moment
   * waits for the thread that looks for the last time.
   */
  RequestSnapshot remembered() {
    while (!known.last && lifecycle.phase() == Lifecycle.Phase.CLOSING) {
      LockSupport.parkNanos(20_000);
    }
    return known.request;
  }

  /**
   * Takes what will be known of the request; while the container's objects are certainly this
   * request's still. Of those that do after the end the first counts, as the container may clear
   * the request before it tells of the completion.
   */
  void remember() {
    if (known.last) {
      return;
    }
    End decided = lifecycle.decidedEnd();
    boolean byApplication = decided != null && decided.kind() == End.Kind.COMPLETED;
    boolean all = !byApplication || isHeard(exchange.cycles().current());
    boolean last = decided != null;
    @Nullable RequestSnapshot now = exchange.container().remember(all, last, exchange.body());
    Known before = known;
    while (!before.last && !KNOWN.compareAndSet(this, before, before.then(now, last))) {
      before = known;
    }
  }

  /**
   * As {@link #remember}, where the container may clear the request before an end is decided: what
   * is cleared counts in any case. On the thread that may be about to clear it.
   */
  void rememberUncleared() {
    Known before = known;
    if (before.last || before.uncleared) {
      return;
    }
    @Nullable RequestSnapshot now = exchange.container().remember(true, false, exchange.body());
    if (now != null) {
      boolean unused = KNOWN.compareAndSet(this, before, new Known(now, true, false));
    }
  }

  /** What the servlet behind the dispatch is told of its path, on the container's thread there. */
  void dispatchedLate(HttpServletRequest request) {
    Known before = known;
    while (!KNOWN.compareAndSet(this, before, before.at(request, exchange.body()))) {
      before = known;
    }
  }

  private static boolean isHeard(@Nullable AsyncCycle cycle) {
    return cycle != null && !cycle.listeners().isEmpty();
  }

  boolean isInListener() {
    return listening == Thread.currentThread();
  }

  /** As {@link #isInListener}, on a thread of the container's, which goes back after it. */
  boolean isInContainersListener() {
    return isInListener() && !toldElsewhere;
  }

  /** Keeps a WriteListener, to be told of the hang-up; has it told if that has been told. */
  void listens(GuardedWriteListener listener) {
    writeListener = listener;
    if (isDisconnected(lifecycle.decidedEnd()) && lifecycle.phase() != Lifecycle.Phase.ENDED) {
      tellLate(listener);
    }
  }

  /** Tells a WriteListener of the end that the container was not given any more. */
  void listensLate(GuardedWriteListener listener) {
    if (isDisconnected(lifecycle.decidedEnd())) {
      listens(listener);
    } else {
      tellLate(listener);
    }
  }

  private void tellLate(GuardedWriteListener listener) {
    exchange.scope().callBack(exchange, () -> listener.onError(exchange.endedException()));
  }

  /**
   * Tells a listener of what a thread of the container's has met that cannot wait until others have
   * been told.
   */
  void tellInTurn(Runnable callback) {
    Runnable step = () -> Attempt.to(exchange, "tell a listener of a stream", callback);
    AsyncCycle last = exchange.cycles().current();
    if (last == null) {
      exchange.scope().callBack(exchange, step);
    } else {
      last.listeners().leave(step);
      exchange.scope().callBack(exchange, last.listeners()::drain);
    }
  }

  private static boolean isDisconnected(@Nullable End decided) {
    return decided != null && decided.kind() == End.Kind.DISCONNECTED;
  }

  /**
   * Has the application's own listeners told, before the container is completed; on a thread that
   * may run its code.
   *
   * @return whether that thread settles the rest
   */
  boolean tell() {
    End decided = waitsForReader() ? null : lifecycle.claimTellElsewhere();
    if (decided == null) {
      return false;
    }
    AsyncCycle last = exchange.cycles().current();
    if (last == null || !leave(decided, last)) {
      told(decided);
      return false;
    }
    new Telling(decided, last).start();
    return true;
  }

  /** As {@link #tell}, on the calling thread, which is the container's. */
  void tellHere() {
    End decided = waitsForReader() ? null : lifecycle.claimTell();
    if (decided == null) {
      return;
    }
    AsyncCycle last = exchange.cycles().current();
    if (last != null && leave(decided, last)) {
      new Telling(decided, last).run();
    } else {
      told(decided);
    }
  }

  /** The listeners know; whoever reads what has arrived of the body may go on. */
  private void told(End decided) {
    if (lingers(decided)) {
      lifecycle.toldWhileUnread();
      linger();
    } else {
      lifecycle.told();
    }
  }

  /**
   * Whether what has arrived of the body may still be read, as without the library, which would not
   * have noticed that the client has gone. A ReadListener is told of a reset, as the container may
   * not notice that either, and of the end of an HTTP/2 connection, of which Undertow tells it in
   * few cases.
   */
  private boolean lingers(End decided) {
    RequestBody body = exchange.body();
    return isDisconnected(decided)
        && !lifecycle.containerCompletes()
        && body.isAwaited()
        && (!body.isListenedTo()
            || (!body.isBroken() && isFin(decided) && !exchange.container().isHttp2()));
  }

  /** Whether the container may have something to give to the ReadListener before it tells. */
  private boolean isReadOn(End decided) {
    return isFin(decided) || exchange.body().isListenedLate();
  }

  private static boolean isFin(End decided) {
    return decided.departure().filter(gone -> gone.evidence() == Evidence.FIN).isPresent();
  }

  /** Whether the container is likely to tell the ReadListener, which is first to hear. */
  private boolean waitsForReader() {
    RequestBody body = exchange.body();
    End decided = lifecycle.decidedEnd();
    if (!body.isListenedTo()
        || !body.isAwaited()
        || decided == null
        || !isDisconnected(decided)
        || lifecycle.containerCompletes()) {
      return false;
    }
    if (READER.compareAndSet(this, ReaderWait.NOT_YET, ReaderWait.WAITING)) {
      readerDue =
          exchange
              .scope()
              .scheduleSurely(
                  exchange,
                  () -> {
                    readerWait = ReaderWait.OVER;
                    exchange.settleElsewhere();
                  },
                  isReadOn(decided) ? ARRIVED_WAIT : READER_WAIT);
    }
    return readerWait != ReaderWait.OVER;
  }

  /** Keeps the container's side for who reads the body, until nothing was read for a while. */
  private void linger() {
    int before = exchange.body().reads();
    lingerDue =
        exchange
            .scope()
            .scheduleSurely(exchange, () -> lingered(before == exchange.body().reads()), LINGER);
  }

  /** On the timer's thread. */
  private void lingered(boolean idle) {
    if (!idle) {
      linger();
      return;
    }
    FilterScope scope = exchange.scope();
    RequestBody body = exchange.body();
    GuardedReadListener reading = body.listener();
    if (reading == null) {
      scope.settle(exchange, body::left);
    } else {
      scope.callBack(
          exchange,
          () -> {
            reading.end();
            body.left();
          });
      // Whoever blocks the threads of the listeners keeps no socket.
      Future<?> unused =
          scope.scheduleSurely(exchange, () -> scope.settle(exchange, body::left), TELL_WAIT);
    }
  }

  /** Closes what was kept for who reads the body, if nobody does any more. */
  void lingered() {
    if (!exchange.body().isAwaited() && lifecycle.lingered()) {
      cancel(lingerDue);
      close();
    }
  }

  /**
   * Leaves what an end is told by with the listeners of the last cycle: before a completion that
   * the container tells on a thread of its own can be left there.
   *
   * @return false if nobody is to hear of it
   */
  private boolean leave(End decided, AsyncCycle last) {
    boolean gone = isDisconnected(decided);
    GuardedReadListener reading = lingers(decided) ? null : exchange.body().listener();
    if (reading != null) {
      last.listeners().leave(reading::end);
    }
    GuardedWriteListener writing = gone ? writeListener : null;
    if (writing != null) {
      last.listeners().leave(() -> tell(writing));
    }
    // Of its own failures the container tells.
    boolean fault = gone || !lifecycle.containerCompletes();
    if (fault) {
      // Also for who is not registered yet.
      leaveFault(decided, last.listeners());
    }
    return (fault && isHeard(last)) || reading != null || writing != null;
  }

  private void tell(GuardedWriteListener writing) {
    try {
      writing.onError(exchange.disconnectedException());
    } catch (Throwable failure) {
      Log.listenerFailed(exchange, failure);
    }
  }

  private void leaveFault(End decided, CycleListeners to) {
    switch (decided.kind()) {
      case COMPLETED -> {}
      case TIMED_OUT -> to.leave(CycleListeners.Kind.TIMEOUT, null, null);
      case DISCONNECTED ->
          to.leave(CycleListeners.Kind.ERROR, exchange.disconnectedException(), null);
      case FAILED -> to.leave(CycleListeners.Kind.ERROR, decided.cause().orElse(null), null);
      case SHUT_DOWN ->
          to.leave(
              CycleListeners.Kind.ERROR,
              new IllegalStateException("The application is being stopped"),
              null);
    }
  }

  /**
   * Telling the application's listeners of an end, for which the container's side stays open: they
   * may ask its objects. Where no thread begins with it for a while, since they all are inside code
   * of the application, the container's side is closed first.
   *
   * <pre>
   *   ┌─────────┐ run    ┌─────────┐
   *   │ WAITING │ ─────► │ TELLING │  told, and settles
   *   └────┬────┘        └─────────┘
   *        │ overdue     ┌──────┐ run: tells what is left
   *        └───────────► │ LATE │ ──────────────────────────►
   *                      └──────┘
   * </pre>
   */
  private final class Telling implements Runnable {

    private final End decided;
    private final AsyncCycle cycle;
    private final AtomicBoolean begun = new AtomicBoolean();
    private volatile @Nullable Future<?> overdue;

    Telling(End decided, AsyncCycle cycle) {
      this.decided = decided;
      this.cycle = cycle;
    }

    void start() {
      toldElsewhere = true;
      overdue = exchange.scope().scheduleSurely(exchange, this::overdue, TELL_WAIT);
      exchange.scope().callBack(exchange, this);
    }

    @Override
    public void run() {
      if (!begun.compareAndSet(false, true)) {
        cycle.listeners().drain();
        return;
      }
      cancel(overdue);
      Attempt.to(
          exchange, "tell the listeners of a request", () -> inListeners(cycle.listeners()::drain));
      told(decided);
      exchange.settle();
    }

    /** On the timer's thread. */
    private void overdue() {
      if (begun.compareAndSet(false, true)) {
        told(decided);
        exchange.scope().settle(exchange, exchange::settle);
      }
    }
  }

  /** Tells the listeners of a cycle, which may ask the container's objects meanwhile. */
  void tell(AsyncCycle of, CycleListeners.Kind kind, @Nullable Throwable failure) {
    inListeners(() -> of.listeners().tell(kind, failure, null));
  }

  private void inListeners(Runnable telling) {
    Thread before = listening;
    listening = Thread.currentThread();
    try {
      telling.run();
    } finally {
      listening = before;
    }
  }

  /**
   * Closes the container's side, if the end is decided, nothing is inside and nobody else does. On
   * Tomcat under its lock, which comes before the claim: a container's thread that has the lock
   * waits for whoever has claimed, and would recycle what is about to be completed.
   */
  void close() {
    Lock lock = exchange.container().closeLock();
    if (!lifecycle.isClosable()) {
      waitForReads();
      return;
    }
    if (waitsForCall()) {
      return;
    }
    if (lock == null) {
      closeAlone();
    } else if (lock.tryLock()) {
      closeUnder(lock);
    } else {
      exchange
          .scope()
          .settle(
              exchange,
              () -> {
                lock.lock();
                closeUnder(lock);
              });
    }
  }

  /**
   * Closes without the reads that are inside if they do not come out: they wait for a client that
   * is there and sends nothing, and closing is what frees them.
   */
  private void waitForReads() {
    if (lifecycle.waitsForReads() && readsDue == null) {
      readsDue =
          exchange
              .scope()
              .scheduleSurely(
                  exchange,
                  () -> {
                    lifecycle.abandonReads();
                    exchange.settleElsewhere();
                  },
                  READ_WAIT);
    }
  }

  /**
   * Whether the container is to call a WriteListener before it is completed; which it does soon.
   */
  private boolean waitsForCall() {
    ContainerObjects container = exchange.container();
    if (lifecycle.containerCompletes() || !container.isCallDue()) {
      return false;
    }
    if (callDue == null) {
      callDue = exchange.scope().scheduleSurely(exchange, exchange::writeListenerCalled, CALL_WAIT);
    }
    return container.isCallDue();
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
    AsyncCycle last = exchange.cycles().current();
    ContainerObjects container = exchange.container();
    // Its objects may be another request's already where the container completes by itself.
    if (!lifecycle.containerCompletes()) {
      tellsCompletion = decided.kind() != End.Kind.COMPLETED || container.isCut();
      closer = Thread.currentThread();
      Attempt.to(exchange, "remember a request", this::remember);
      Attempt.to(exchange, "close a request in the container", lastTouch(decided));
      closer = null;
    }
    container.forget();
    cancel(readerDue);
    cancel(readsDue);
    cancel(callDue);
    lifecycle.closed();
    Attempt.to(exchange, "let go of a response", exchange::closed);
    if (last != null && isHeard(last)) {
      tellCompletion(last);
    }
  }

  private LastTouch lastTouch(End decided) {
    ApplicationObjects application = exchange.application();
    return new LastTouch(
        exchange,
        exchange.scope(),
        exchange.container(),
        decided,
        exchange.isThrown(decided),
        application == null ? null : application.sink().head());
  }

  /**
   * Sees that the completion is told. Of what the application has completed the container tells,
   * and its objects are still there then; but on Tomcat it does not after a reset that was noticed
   * by nobody, and on Jetty not after an error, so it is told in any case. After a hang-up nobody
   * waits for the container.
   */
  private void tellCompletion(AsyncCycle of) {
    if (tellsCompletion) {
      tellCompletionElsewhere(of, null, false);
    } else if (!of.listeners().isCompleted()) {
      completionDue =
          exchange
              .scope()
              .scheduleSurely(
                  exchange, () -> tellCompletionElsewhere(of, null, false), COMPLETION_WAIT);
    }
  }

  /**
   * Leaves the completion, and has it told if somebody listens: whoever registers later is told by
   * the registration.
   *
   * @param more whether others are to hear of what was left before
   */
  private void tellCompletionElsewhere(AsyncCycle of, @Nullable Throwable failure, boolean more) {
    if (of.listeners().isCompleted()) {
      return;
    }
    of.listeners().leave(CycleListeners.Kind.COMPLETE, failure, null);
    if (more || isHeard(of)) {
      exchange.scope().callBack(exchange, of.listeners()::drain);
    }
  }

  /**
   * The container tells of the completion. If it does so from inside the library's complete, its
   * thread may be one that must not run code of the application.
   */
  void completed(AsyncCycle of, @Nullable Throwable failure) {
    End decided = lifecycle.decidedEnd();
    // Whoever has claimed to may not have left it yet, or cannot claim: each is told once.
    boolean more = decided != null && isUntold() && leave(decided, of);
    if (exchange.events().isInOwnCall()) {
      tellCompletionElsewhere(of, failure, more);
    } else if (!tellsCompletion) {
      tell(of, CycleListeners.Kind.COMPLETE, failure);
    }
    cancel(completionDue);
  }

  private boolean isUntold() {
    Lifecycle.Phase now = lifecycle.phase();
    return now == Lifecycle.Phase.ENDED || now == Lifecycle.Phase.TELLING;
  }

  private static void cancel(@Nullable Future<?> due) {
    if (due != null) {
      due.cancel(false);
    }
  }

  /** Whether the calling thread is the one that closes the container's side at this moment. */
  boolean isClosing() {
    return closer == Thread.currentThread();
  }
}
