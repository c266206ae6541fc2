package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Dispatches an exchange, while others call the container and the client hangs up, and has the
 * container come back with another thread that may start the next cycle. The operations answer
 * nothing, as what they do depends on which call comes out last; what must hold is asserted inside.
 * A call may meet the dispatched request's own thread: the container itself asks the guards then.
 */
public class LifecycleDispatchLincheckTest {

  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger dispatches = new AtomicInteger();
  private final AtomicInteger completions = new AtomicInteger();
  private final AtomicInteger closers = new AtomicInteger();
  private final AtomicInteger tellers = new AtomicInteger();

  /** The container's thread is on its way to the filter. */
  private final AtomicBoolean coming = new AtomicBoolean();

  public LifecycleDispatchLincheckTest() {
    lifecycle.starting();
    lifecycle.started();
  }

  /** A call of the container by a thread of the application. */
  @Operation
  public void call() {
    if (lifecycle.enter()) {
      touch();
      if (lifecycle.exit()) {
        settle();
      }
    }
  }

  @Operation
  public void dispatch() {
    if (lifecycle.dispatching() && lifecycle.exit()) {
      settle();
    }
  }

  /** As a listener of the container's, whose thread carries it out before it leaves. */
  @Operation
  public void dispatchInEvent() {
    if (!lifecycle.enter()) {
      return;
    }
    boolean wanted = lifecycle.dispatching();
    if (wanted) {
      boolean last = lifecycle.exit();
      require(!last, "left while it was inside");
    }
    if (lifecycle.claimDispatchInside() || (wanted && lifecycle.dispatchingEnded())) {
      dispatched();
    }
    if (lifecycle.exit()) {
      settle();
    }
  }

  @Operation
  public void disconnect() {
    lifecycle.end(SomeEnd.of(Kind.DISCONNECTED));
    settle();
  }

  /** The container's thread brings the dispatched request; the servlet answers it. */
  @Operation
  public void containerAnswers() {
    if (coming.compareAndSet(true, false)) {
      lifecycle.arrive();
      call();
      leaveFilter();
    }
  }

  /** As before, but the servlet starts another cycle. */
  @Operation
  public void containerStartsAgain() {
    if (!coming.compareAndSet(true, false)) {
      return;
    }
    lifecycle.arrive();
    start();
    leaveFilter();
  }

  /** As before, by a thread of the application's, which the servlet does not wait for. */
  @Operation
  public void applicationStartsAgain() {
    if (start()) {
      settle();
    }
  }

  private boolean start() {
    if (!lifecycle.starting()) {
      return false;
    }
    dispatches.decrementAndGet();
    return lifecycle.started();
  }

  private void leaveFilter() {
    lifecycle.leaveChain();
    if (lifecycle.depart() == Lifecycle.Phase.RESUMED
        && !lifecycle.end(End.of(Kind.COMPLETED, Duration.ZERO), true)) {
      lifecycle.leaveToContainer();
    }
    settle();
  }

  private void settle() {
    if (lifecycle.claimDispatch()) {
      dispatched();
    }
    if (lifecycle.claimTell() != null) {
      require(closers.get() == 0, "told after the close");
      tellers.incrementAndGet();
      lifecycle.told();
    }
    if (lifecycle.claimClose() != null) {
      require(inside.get() == 0, "closed while a call is inside");
      closers.incrementAndGet();
      if (!lifecycle.containerCompletes()) {
        require(dispatches.get() == 0, "completed what was dispatched");
        completions.incrementAndGet();
      }
      lifecycle.closed();
    }
  }

  private void dispatched() {
    require(completions.get() == 0, "dispatched after it was completed");
    require(dispatches.incrementAndGet() == 1, "dispatched twice");
    coming.set(true);
  }

  private void touch() {
    inside.incrementAndGet();
    require(closers.get() == 0, "inside after the close");
    inside.decrementAndGet();
  }

  private void require(boolean held, String otherwise) {
    if (!held) {
      throw new AssertionError(otherwise + ": " + lifecycle);
    }
  }

  @Validate
  public void closedOnce() {
    require(closers.get() <= 1 && tellers.get() <= 1 && completions.get() <= 1, "more than once");
    require(lifecycle.decidedEnd() == null || closers.get() == 1, "an end, and nobody has closed");
  }

  @Test
  void g2g3g4_aDispatchFollowsNoCompletion_andIsCompletedOnce_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(Tries.of(10))
        .invocationsPerIteration(250)
        .checkObstructionFreedom(true)
        .check(getClass());
  }

  @Test
  void g2g3g4_aDispatchFollowsNoCompletion_andIsCompletedOnce_underStress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(3)
        .iterations(Tries.of(10))
        .invocationsPerIteration(500)
        .check(getClass());
  }
}
