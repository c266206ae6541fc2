package io.github.safeasync.internal.exchange;

import io.github.safeasync.testkit.Tries;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** Lets interrupts of a thread race with its going on to something else. */
public class InterruptionLincheckTest {

  private final AtomicInteger interrupts = new AtomicInteger();
  private volatile boolean goneOn;

  private final Interruption interruption =
      new Interruption(
          new Thread() {
            @Override
            public void interrupt() {
              if (goneOn) {
                throw new AssertionError("Interrupted in the next request");
              }
              interrupts.incrementAndGet();
              if (goneOn) {
                throw new AssertionError("It went on while it was being interrupted");
              }
            }
          });

  @Operation
  public void interrupt() {
    interruption.interrupt();
  }

  @Operation
  public void finish() {
    interruption.finish();
    goneOn = true;
  }

  @Validate
  public void onceAtMost() {
    if (interrupts.get() > 1) {
      throw new AssertionError("Interrupted " + interrupts + " times");
    }
  }

  @Test
  void g9NoInterruptAfterFinish_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(Tries.of(8))
        .invocationsPerIteration(300)
        .check(getClass());
  }
}
