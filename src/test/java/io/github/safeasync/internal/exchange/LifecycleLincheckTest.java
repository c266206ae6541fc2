package io.github.safeasync.internal.exchange;

import io.github.safeasync.End.Kind;
import io.github.safeasync.testkit.Tries;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Runs a {@link Lifecycle} as an exchange does. That the answers of calls and ends agree with an
 * order of whole operations (linearizability) says that one end wins and nobody enters after it.
 */
public class LifecycleLincheckTest {

  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger closers = new AtomicInteger();
  private final AtomicInteger callbacks = new AtomicInteger();

  public LifecycleLincheckTest() {
    lifecycle.starting();
    lifecycle.started();
  }

  /** A call of the container. */
  @Operation
  public boolean call() {
    if (!lifecycle.enter()) {
      return false;
    }
    touch();
    leave();
    return true;
  }

  /** A call that may wait for the client. */
  @Operation
  public boolean sendingCall() {
    if (!lifecycle.enterToSend()) {
      return false;
    }
    touch();
    leave();
    return true;
  }

  /** Fails what an end waits for, if it waits just now: of which no answer is an order's. */
  @Operation
  public void fail() {
    if (lifecycle.enterToFail()) {
      touch();
      leave();
    }
  }

  /** A call in which the container calls back, and the callback calls the container. */
  @Operation
  public boolean nestedCall() {
    if (!lifecycle.enter()) {
      return false;
    }
    call();
    touch();
    leave();
    return true;
  }

  /** A call that fails, and so decides the end from inside. */
  @Operation
  public boolean failingCall() {
    if (!lifecycle.enter()) {
      return false;
    }
    boolean won = end(Kind.FAILED);
    touch();
    leave();
    return won;
  }

  /**
   * A callback of the application's, from which it calls the container. It goes in while an end is
   * on its way to be told, so that no answer is an order's.
   */
  @Operation
  public void callback() {
    if (!lifecycle.enterCallback()) {
      return;
    }
    callbacks.incrementAndGet();
    call();
    callbacks.decrementAndGet();
    if (lifecycle.exitCallback()) {
      close();
    }
  }

  @Operation
  public boolean complete() {
    return end(Kind.COMPLETED);
  }

  @Operation
  public boolean disconnect() {
    return end(Kind.DISCONNECTED);
  }

  @Operation
  public boolean isOpen() {
    return lifecycle.isOpen();
  }

  private boolean end(Kind kind) {
    boolean won = lifecycle.end(SomeEnd.of(kind));
    close();
    return won;
  }

  private void touch() {
    inside.incrementAndGet();
    if (closers.get() != 0) {
      throw new AssertionError("Inside the container while, or after, it is closed");
    }
    inside.decrementAndGet();
  }

  private void leave() {
    if (lifecycle.exit()) {
      close();
    }
  }

  private void close() {
    if (lifecycle.claimTellElsewhere() != null) {
      if (callbacks.get() > 0) {
        throw new AssertionError("Told of the end while a callback runs");
      }
      lifecycle.told();
    }
    if (lifecycle.claimClose() == null) {
      return;
    }
    if (inside.get() != 0) {
      throw new AssertionError("Closed while a call is inside");
    }
    closers.incrementAndGet();
    lifecycle.closed();
  }

  @Validate
  public void closedOnceIfEnded() {
    int expected = lifecycle.decidedEnd() == null ? 0 : 1;
    if (closers.get() != expected) {
      throw new AssertionError(closers + " closers of " + lifecycle);
    }
  }

  @Test
  void g2OneEnd_g3NothingLate_g4OneCloser_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(1)
        .iterations(Tries.of(5))
        .invocationsPerIteration(250)
        .checkObstructionFreedom(true)
        .check(getClass());
  }

  @Test
  void g2OneEnd_g3NothingLate_g4OneCloser_underStress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(2)
        .iterations(Tries.of(5))
        .invocationsPerIteration(500)
        .check(getClass());
  }
}
