package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.internal.Log;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The work that is bound to one exchange, and whether it goes with the client. Lock-free.
 *
 * <pre>
 *   ┌─────────┐ ask: begins to watch
 *   │ UNASKED │ ───────┐
 *   └────┬────┘        ▼
 *        │         ┌───────┐  ended: an end that cancels, after a grace
 *        │         │ BOUND │ ───────────────────────┐
 *        │         └───┬───┘                        ▼
 *        │ the same    │                        ┌───────┐
 *        ├─────────────┤                        │ GRACE │
 *        │             │                        └───┬───┘
 *        │             │ ended: an end that         │ fire: by the timer,   ┌───────────┐
 *        │             │ cancels, without a grace   │ or at the shutdown    │           │
 *        │             ├────────────────────────────┴─────────────────────► │ CANCELLED │
 *        │             │                            │                       │           │
 *        │             │ ended: any other end       │ fire: the policy has  └───────────┘
 *        │             │ answered: always           │ become another; answered
 *        │             │                            ▼
 *        │             │                        ┌────────┐
 *        └─────────────┴──────────────────────► │ SPARED │
 *                                               └────────┘
 * </pre>
 *
 * <p>An exchange that is asynchronous is watched anyway and begins at BOUND. Of the ends that come
 * the first counts: {@code ended}, by any thread, which waits for nothing, or {@code answered}, by
 * the thread of a synchronous request as it leaves the filter. After that one not even work that
 * was to be cancelled is: the connection serves the next request.
 *
 * <p>A binding is in the queue before its registration looks at the phase, and the phase is set
 * before the queue is walked, so one of the two sees the other; the binding's own state keeps both
 * from cancelling it.
 */
public final class Cancellation implements CancellationToken {

  /** Where and when work is cancelled. */
  interface Canceller {

    /**
     * Runs a cancel, which may take its time, on a thread that can wait for it.
     *
     * @param about what is cancelled, for the log
     */
    void cancel(Object about, Runnable task);

    /**
     * Fires a cancellation after a delay, or at the shutdown if that comes first.
     *
     * @return what takes that back
     */
    Handle cancelLater(Cancellation cancellation, Duration delay);

    /** Work has been cancelled. */
    void cancelled(SafeAsyncStats.Work kind);
  }

  private enum Phase {
    /** Nobody has asked, and nothing watches the client of the synchronous request. */
    UNASKED,
    /** Nothing is decided. */
    BOUND,
    /** The client has gone; the work goes on for the grace period. */
    GRACE,
    /** The work is cancelled, and so is what is bound from now on. */
    CANCELLED,
    /** The work is never cancelled. */
    SPARED
  }

  private static final AtomicReferenceFieldUpdater<Cancellation, Phase> PHASE =
      AtomicReferenceFieldUpdater.newUpdater(Cancellation.class, Phase.class, "phase");

  private static final AtomicReferenceFieldUpdater<Cancellation, End> END =
      AtomicReferenceFieldUpdater.newUpdater(Cancellation.class, End.class, "end");

  private final Canceller canceller;
  private final CancelSettings settings;
  private final String method;
  private final CurrentExchange.Work owner;
  private final LazyStage<End> stage = new LazyStage<>();
  private final Queue<Binding> bindings = new ConcurrentLinkedQueue<>();
  private volatile CancelPolicy policy;
  private volatile Phase phase;
  private volatile @Nullable End end;

  /** What was bound when it was cancelled, for the log. */
  private volatile List<Binding> cancels = List.of();

  /** Begins to watch the client; until it has, or need not. */
  private volatile @Nullable Runnable watching;

  /** Takes back what comes at the end of the grace. */
  private volatile @Nullable Handle due;

  /**
   * Makes that of an exchange.
   *
   * @param owner the exchange
   * @param watching begins to watch its client, at the first question; null if that is done
   */
  public Cancellation(
      Canceller canceller,
      CancelSettings settings,
      String method,
      CurrentExchange.Work owner,
      @Nullable Runnable watching) {
    this.canceller = canceller;
    this.settings = settings;
    this.method = method;
    this.owner = owner;
    this.watching = watching;
    this.policy = settings.policy();
    this.phase = watching == null ? Phase.BOUND : Phase.UNASKED;
  }

  /** Overrides the filter's policy; without effect once the work is cancelled or spared. */
  void policy(CancelPolicy other) {
    policy = other;
  }

  // The end.

  /**
   * The exchange has ended. Any thread; it must not wait for anything.
   *
   * @return false if it had ended before
   */
  public boolean ended(End decided) {
    if (!END.compareAndSet(this, null, decided)) {
      return false;
    }
    watching = null;
    boolean graced = decided.kind() == End.Kind.DISCONNECTED && !settings.after().isZero();
    if (!settings.on().contains(decided.kind())) {
      settle(Phase.SPARED);
    } else if (graced && to(Phase.GRACE)) {
      Handle later = canceller.cancelLater(this, settings.after());
      due = later;
      if (phase != Phase.GRACE) {
        later.remove();
      }
    } else {
      fire();
    }
    return true;
  }

  /** The end that was first; there has to be one. */
  End decided() {
    return Objects.requireNonNull(end);
  }

  /** The grace is over. Any thread; it must not wait for anything. */
  void fire() {
    settle(policy.cancels(method) ? Phase.CANCELLED : Phase.SPARED);
  }

  private void settle(Phase outcome) {
    if (!to(outcome)) {
      return;
    }
    if (outcome == Phase.SPARED) {
      bindings.clear();
      return;
    }
    cancels = List.copyOf(bindings);
    for (Binding each : bindings) {
      canceller.cancel(each, each::cancel);
    }
  }

  /** Returns false if it is settled. */
  private boolean to(Phase next) {
    Phase now;
    do {
      now = phase;
      if (now == Phase.CANCELLED || now == Phase.SPARED) {
        return false;
      }
    } while (!PHASE.compareAndSet(this, now, next));
    return true;
  }

  /**
   * The filter has returned from a request that is synchronous: nothing of it is cancelled from now
   * on, and its thread, which is the calling one, is not left interrupted.
   *
   * @return false if it had ended before
   */
  boolean answered(End returned) {
    boolean first = END.compareAndSet(this, null, returned);
    watching = null;
    boolean unused = to(Phase.SPARED);
    Handle later = due;
    if (later != null) {
      later.remove();
    }
    for (Binding each : bindings) {
      each.remove();
    }
    return first;
  }

  /**
   * Completes the stage of the end, if nobody waits for it.
   *
   * @return whether somebody does: {@link #tell} has to follow, by a thread that may run code of
   *     the application
   */
  boolean isAwaited(End told) {
    return stage.isAwaited(told);
  }

  /** Completes the stage of the end, which may run code of the application. */
  void tell(End told) {
    stage.complete(told);
  }

  // The token.

  /** Whoever asks wants to know of the client, which is watched from now on. */
  private Phase asked() {
    Phase now = phase;
    if (now != Phase.UNASKED) {
      return now;
    }
    Runnable begins = watching;
    if (PHASE.compareAndSet(this, Phase.UNASKED, Phase.BOUND) && begins != null) {
      watching = null;
      begins.run();
    }
    return phase;
  }

  @Override
  public boolean isCancelled() {
    return asked() == Phase.CANCELLED;
  }

  @Override
  public void throwIfCancelled() {
    if (isCancelled()) {
      throw new Cancelled(end);
    }
  }

  @Override
  public boolean isGone() {
    Phase unused = asked();
    End decided = end;
    return decided != null && decided.kind() == End.Kind.DISCONNECTED;
  }

  @Override
  public CompletionStage<End> end() {
    Phase unused = asked();
    return stage.stage();
  }

  @Override
  public Handle bind(Future<?> work) {
    Objects.requireNonNull(work, "work");
    return bind(new Closing(SafeAsyncStats.Work.FUTURE, () -> work.cancel(true)));
  }

  @Override
  public Handle bind(AutoCloseable resource) {
    Objects.requireNonNull(resource, "resource");
    SafeAsyncStats.Work kind =
        SqlStatements.isOfJdbc(resource) ? SafeAsyncStats.Work.QUERY : SafeAsyncStats.Work.RESOURCE;
    return bind(new Closing(kind, SqlStatements.cancelOf(resource)));
  }

  @Override
  public Handle bind(Thread thread) {
    Objects.requireNonNull(thread, "thread");
    return bind(new Interrupt(new Interruption(thread)));
  }

  private Handle bind(Binding binding) {
    Phase unused = asked();
    bindings.add(binding);
    Phase now = phase;
    if (now == Phase.CANCELLED) {
      bindings.remove(binding);
      binding.cancel();
    } else if (now == Phase.SPARED) {
      bindings.remove(binding);
    }
    return binding;
  }

  @Override
  public Runnable wrap(Runnable task) {
    return CurrentExchange.wrap(owner, Objects.requireNonNull(task, "task"));
  }

  @Override
  public <T extends @Nullable Object> Callable<T> wrap(Callable<? extends T> task) {
    return CurrentExchange.wrap(owner, Objects.requireNonNull(task, "task"));
  }

  @Override
  public Handle makeCurrent() {
    return CurrentExchange.makeCurrent(owner);
  }

  /** Returns what became of the work at the end, for the log. */
  String fate() {
    return switch (phase) {
      case CANCELLED -> cancels.isEmpty() ? "no work is bound" : "cancels " + counted(cancels);
      case GRACE -> "its work goes on for " + settings.after();
      case SPARED -> "its work goes on";
      case UNASKED, BOUND -> "its work is not decided on";
    };
  }

  /** Returns such as "2 futures, 1 thread". */
  private static String counted(List<Binding> bindings) {
    return Stream.of(SafeAsyncStats.Work.values())
        .filter(kind -> bindings.stream().anyMatch(each -> each.kind == kind))
        .map(kind -> bindings.stream().filter(each -> each.kind == kind).count() + " " + kind)
        .collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return "CancellationToken of " + owner + ", " + phase;
  }

  /** Returns the departure with which the work was cancelled; null if it was not. */
  @Nullable Departure departure() {
    End decided = end;
    return phase == Phase.CANCELLED && decided != null ? decided.departure().orElse(null) : null;
  }

  /** How much is bound, for tests. */
  int bound() {
    return bindings.size();
  }

  /** Something that is bound; cancelled or removed, whichever comes first. */
  private abstract class Binding implements Handle {

    final SafeAsyncStats.Work kind;

    Binding(SafeAsyncStats.Work kind) {
      this.kind = kind;
    }

    /** Cancels, unless that was done or the binding was removed. It may wait, and never throws. */
    abstract void cancel();

    /** Claims that it will not be cancelled. */
    abstract boolean release();

    @Override
    public boolean remove() {
      bindings.remove(this);
      return release();
    }

    @Override
    public String toString() {
      return kind + " bound to the " + Cancellation.this;
    }
  }

  private final class Closing extends Binding {

    private static final AtomicIntegerFieldUpdater<Closing> TAKEN =
        AtomicIntegerFieldUpdater.newUpdater(Closing.class, "taken");

    private final AutoCloseable action;

    /** Whether it is cancelled or removed; no object of its own, as each query makes one. */
    private volatile int taken;

    Closing(SafeAsyncStats.Work kind, AutoCloseable action) {
      super(kind);
      this.action = action;
    }

    @Override
    void cancel() {
      if (!remove()) {
        return;
      }
      canceller.cancelled(kind);
      try {
        action.close();
      } catch (Throwable failure) {
        Log.cancelFailed(owner, failure);
      }
    }

    @Override
    boolean release() {
      return taken == 0 && TAKEN.compareAndSet(this, 0, 1);
    }
  }

  private final class Interrupt extends Binding {

    private final Interruption interruption;

    Interrupt(Interruption interruption) {
      super(SafeAsyncStats.Work.THREAD);
      this.interruption = interruption;
    }

    @Override
    void cancel() {
      if (interruption.interrupt()) {
        canceller.cancelled(kind);
      }
    }

    @Override
    boolean release() {
      return interruption.finish();
    }
  }

  /** Without a stack trace: it is an event of the network, not a fault where it is met. */
  private static final class Cancelled extends CancellationException {

    private static final long serialVersionUID = 1L;

    Cancelled(@Nullable End end) {
      super("The exchange ended " + end);
      if (end != null) {
        end.departure().map(ClientDisconnectedException::new).ifPresent(this::initCause);
      }
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // nothing is written
    public Throwable fillInStackTrace() {
      return this;
    }
  }
}
