package io.github.safeasync.internal.exchange;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.github.safeasync.End.Kind;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncStats;
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

/** Lets bindings, their removal, the end and the end of the grace period race. */
public class CancellationLincheckTest {

  /** Something that is bound, and how often it was cancelled. */
  private static final class Work {
    final AtomicInteger cancels = new AtomicInteger();
    volatile boolean removed;
  }

  private final Queue<Work> all = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean decided = new AtomicBoolean();
  private final AtomicBoolean grace = new AtomicBoolean();
  private final Cancellation cancellation =
      new Cancellation(
          new Cancellation.Canceller() {
            @Override
            public void cancel(Object about, Runnable task) {
              task.run();
            }

            @Override
            public Handle cancelLater(Cancellation later, Duration delay) {
              grace.set(true);
              return () -> grace.getAndSet(false);
            }

            @Override
            public void cancelled(SafeAsyncStats.Work kind) {}
          },
          CancelSettings.DEFAULTS.withAfter(Duration.ofMillis(1)),
          "GET",
          new SomeWork(),
          null);

  private Handle bound(Work work) {
    all.add(work);
    return cancellation.bind(work.cancels::incrementAndGet);
  }

  @Operation
  public void bind() {
    boolean late = cancellation.isCancelled();
    Work work = new Work();
    bound(work);
    if (late && work.cancels.get() != 1) {
      throw new AssertionError("What is bound too late is not cancelled when bind returns");
    }
  }

  @Operation
  public void bindAndRemove() {
    Work work = new Work();
    work.removed = bound(work).remove();
  }

  @Operation
  public void disconnected() {
    end(Kind.DISCONNECTED);
  }

  @Operation
  public void completed() {
    end(Kind.COMPLETED);
  }

  /** One thread decides an end, and so did it here. */
  private void end(Kind kind) {
    if (decided.compareAndSet(false, true)) {
      cancellation.ended(SomeEnd.of(kind));
    }
  }

  @Operation
  public void graceIsOver() {
    if (grace.getAndSet(false)) {
      cancellation.fire();
    }
  }

  @Validate
  public void eachIsCancelledOnceOrNotAtAll() {
    for (Work work : all) {
      int expected = cancellation.isCancelled() && !work.removed ? 1 : 0;
      if (work.cancels.get() != expected) {
        throw new AssertionError("Cancelled " + work.cancels + " times, not " + expected);
      }
    }
  }

  @Test
  void g9CancelledOnceOrNotAtAll_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(3)
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
