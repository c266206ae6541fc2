package io.github.safeasync.internal.exchange;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.Handle;
import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Lets registrations, removals and the end race. The operations answer nothing: each listener hears
 * for itself, but not all of them in one step, so that their answers have no common order.
 */
public class EndListenersLincheckTest {

  /** One listener, and how often it has run. */
  private static final class Heard {
    final AtomicInteger times = new AtomicInteger();
    volatile boolean removed;
  }

  private final EndListeners listeners = new EndListeners("an exchange");
  private final AtomicBoolean decided = new AtomicBoolean();
  private volatile boolean published;
  private final Queue<Heard> all = new ConcurrentLinkedQueue<>();

  @Operation
  public void add() {
    boolean late = published;
    Heard heard = new Heard();
    register(heard);
    if (late && heard.times.get() != 1) {
      throw new AssertionError("A late listener has not run when its registration returns");
    }
  }

  @Operation
  public void addAndRemove() {
    Heard heard = new Heard();
    heard.removed = register(heard).remove();
  }

  private Handle register(Heard heard) {
    all.add(heard);
    return listeners.add(end -> heard.times.incrementAndGet());
  }

  @Operation
  public void end() {
    if (decided.compareAndSet(false, true)) {
      listeners.publish(End.of(Kind.COMPLETED, Duration.ZERO));
      published = true;
      listeners.runAll();
    }
  }

  @Validate
  public void eachHasHeardOnce() {
    for (Heard heard : all) {
      int expected = decided.get() && !heard.removed ? 1 : 0;
      if (heard.times.get() != expected) {
        throw new AssertionError("Heard " + heard.times + " times, not " + expected);
      }
    }
    if (decided.get() && !listeners.isEmpty()) {
      throw new AssertionError("A listener is still held after the end");
    }
  }

  @Test
  void g2EachListenerHearsOnce_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(0)
        .addGuarantee(
            forClasses(ConcurrentLinkedQueue.class.getName()).allMethods().treatAsAtomic())
        .iterations(Tries.of(8))
        .invocationsPerIteration(300)
        .check(getClass());
  }
}
