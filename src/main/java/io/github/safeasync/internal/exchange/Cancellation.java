package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.internal.Log;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The work that is bound to one exchange, and whether it goes with the client. Lock-free.
 *
 * <pre>
 *              ended: an end that cancels          fire: by the timer,
 *   ┌───────┐  after a grace      ┌───────┐        or at the shutdown    ┌───────────┐
 *   │ BOUND │ ──────────────────► │ GRACE │ ───────────────────────────► │ CANCELLED │
 *   └───┬───┘                     └───┬───┘                              └───────────┘
 *       │                             │ fire: the policy has become another     ▲
 *       │ ended: any other end        ▼                                         │
 *       │                         ┌────────┐                                    │
 *       ├───────────────────────► │ SPARED │                                    │
 *       │                         └────────┘                                    │
 *       └───────────────────────────────────────────────────────────────────────┘
 *                     ended: an end that cancels, without a grace
 * </pre>
 *
 * <p>{@code ended} is called once, by the thread that decided the end. A binding is in the queue
 * before its registration looks at the phase, and the phase is set before the queue is walked, so
 * one of the two sees the other; the binding's own state keeps both from cancelling it.
 */
public final class Cancellation implements CancellationToken {

  /** Where and when work is cancelled. */
  interface Canceller {

    /** Runs a cancel, which may take its time, on a thread that can wait for it. */
    void cancel(Runnable task);

    /** Fires a cancellation after a delay, or at the shutdown if that comes first. */
    void cancelLater(Cancellation cancellation, Duration delay);
  }

  private enum Phase {
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

  private final Canceller canceller;
  private final CancelSettings settings;
  private final String method;
  private final CompletionStage<End> endStage;
  private final Queue<Binding> bindings = new ConcurrentLinkedQueue<>();
  private volatile CancelPolicy policy;
  private volatile Phase phase = Phase.BOUND;
  private volatile @Nullable End end;

  public Cancellation(
      Canceller canceller, CancelSettings settings, String method, CompletionStage<End> endStage) {
    this.canceller = canceller;
    this.settings = settings;
    this.method = method;
    this.endStage = endStage;
    this.policy = settings.policy();
  }

  /** Overrides the filter's policy; without effect once the work is cancelled or spared. */
  void policy(CancelPolicy other) {
    policy = other;
  }

  // The end.

  /** Called once, by the thread that decided the end, which must not wait for anything. */
  public void ended(End decided) {
    end = decided;
    boolean graced = decided.kind() == End.Kind.DISCONNECTED && !settings.after().isZero();
    if (!settings.on().contains(decided.kind())) {
      settle(Phase.SPARED);
    } else if (graced && PHASE.compareAndSet(this, Phase.BOUND, Phase.GRACE)) {
      canceller.cancelLater(this, settings.after());
    } else {
      fire();
    }
  }

  /** The grace is over. Any thread; it must not wait for anything. */
  void fire() {
    settle(policy.cancels(method) ? Phase.CANCELLED : Phase.SPARED);
  }

  private void settle(Phase outcome) {
    Phase now = phase;
    if ((now != Phase.BOUND && now != Phase.GRACE) || !PHASE.compareAndSet(this, now, outcome)) {
      return;
    }
    for (Binding binding; (binding = bindings.poll()) != null; ) {
      if (outcome == Phase.CANCELLED) {
        canceller.cancel(binding::cancel);
      }
    }
  }

  // The token.

  @Override
  public boolean isCancelled() {
    return phase == Phase.CANCELLED;
  }

  @Override
  public void throwIfCancelled() {
    if (isCancelled()) {
      throw new Cancelled("The exchange ended " + end);
    }
  }

  @Override
  public boolean isGone() {
    End decided = end;
    return decided != null && decided.kind() == End.Kind.DISCONNECTED;
  }

  @Override
  public CompletionStage<End> end() {
    return endStage;
  }

  @Override
  public Handle bind(Future<?> work) {
    Objects.requireNonNull(work, "work");
    return bind(new Work(() -> work.cancel(true)));
  }

  @Override
  public Handle bind(AutoCloseable resource) {
    Objects.requireNonNull(resource, "resource");
    return bind(new Work(SqlStatements.cancelOf(resource)));
  }

  @Override
  public Handle bind(Thread thread) {
    Objects.requireNonNull(thread, "thread");
    return bind(new Interrupt(new Interruption(thread)));
  }

  private Handle bind(Binding binding) {
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

  /** Something that is bound; cancelled or removed, whichever comes first. */
  private abstract class Binding implements Handle {

    /** Cancels, unless that was done or the binding was removed. It may wait, and never throws. */
    abstract void cancel();

    /** Claims that it will not be cancelled. */
    abstract boolean release();

    @Override
    public boolean remove() {
      bindings.remove(this);
      return release();
    }
  }

  private final class Work extends Binding {

    private final AtomicBoolean taken = new AtomicBoolean();
    private final AutoCloseable action;

    Work(AutoCloseable action) {
      this.action = action;
    }

    @Override
    void cancel() {
      if (!release()) {
        return;
      }
      try {
        action.close();
      } catch (Throwable failure) {
        Log.cancelFailed(end, failure);
      }
    }

    @Override
    boolean release() {
      return taken.compareAndSet(false, true);
    }
  }

  private final class Interrupt extends Binding {

    private final Interruption interruption;

    Interrupt(Interruption interruption) {
      this.interruption = interruption;
    }

    @Override
    void cancel() {
      interruption.interrupt();
    }

    @Override
    boolean release() {
      return interruption.finish();
    }
  }

  /** Without a stack trace: it is an event of the network, not a fault where it is met. */
  private static final class Cancelled extends CancellationException {

    private static final long serialVersionUID = 1L;

    Cancelled(String message) {
      super(message);
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // nothing is written
    public Throwable fillInStackTrace() {
      return this;
    }
  }
}
