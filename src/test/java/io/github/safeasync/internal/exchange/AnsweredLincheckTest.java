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

/**
 * Lets the binding of a synchronous request's work, which begins to watch its client, race the
 * client's hang-up and the return of the filter.
 */
public class AnsweredLincheckTest {

  /** How often each was cancelled. */
  private final Queue<AtomicInteger> all = new ConcurrentLinkedQueue<>();

  /** The cancels that wait for a thread. */
  private final Queue<Runnable> handedOver = new ConcurrentLinkedQueue<>();

  private final AtomicInteger watches = new AtomicInteger();
  private final AtomicBoolean hungUp = new AtomicBoolean();
  private final AtomicBoolean returned = new AtomicBoolean();
  private volatile boolean over;
  private final Cancellation cancellation =
      new Cancellation(
          new Cancellation.Canceller() {
            @Override
            public void cancel(Object about, Runnable task) {
              handedOver.add(task);
            }

            @Override
            public Handle cancelLater(Cancellation later, Duration delay) {
              throw new AssertionError("There is no grace");
            }

            @Override
            public void cancelled(SafeAsyncStats.Work kind) {}
          },
          CancelSettings.DEFAULTS,
          "GET",
          new SomeWork(),
          watches::incrementAndGet);

  @Operation
  public void bind() {
    AtomicInteger cancels = new AtomicInteger();
    all.add(cancels);
    cancellation.bind(cancels::incrementAndGet);
  }

  @Operation
  public void gone() {
    if (watches.get() > 0 && hungUp.compareAndSet(false, true)) {
      cancellation.ended(SomeEnd.of(Kind.DISCONNECTED));
    }
  }

  @Operation
  public void canceller() {
    Runnable next = handedOver.poll();
    if (next != null) {
      next.run();
    }
  }

  /** The filter's thread, once. */
  @Operation
  public void answered() {
    if (returned.compareAndSet(false, true)) {
      cancellation.answered(SomeEnd.of(Kind.COMPLETED));
      over = true;
    }
  }

  @Validate
  public void eachIsCancelledOnceAtMost_andOneWatchIsBegun() {
    int before = total();
    for (Runnable left; (left = handedOver.poll()) != null; ) {
      left.run();
    }
    if (over && total() != before) {
      throw new AssertionError("Cancelled in the next request");
    }
    for (AtomicInteger cancels : all) {
      boolean spared = over || !hungUp.get();
      if (cancels.get() > 1 || (cancels.get() == 0 && !spared)) {
        throw new AssertionError("Cancelled " + cancels + " times");
      }
    }
    if (watches.get() > 1) {
      throw new AssertionError("Watched " + watches + " times");
    }
  }

  private int total() {
    return all.stream().mapToInt(AtomicInteger::get).sum();
  }

  @Test
  void g9NothingIsCancelledBeyondTheAnswer_inEveryInterleaving() {
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
