package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.End.Kind;
import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Reads the body of a request, in the application's threads and in its ReadListener, while the
 * client hangs up. The operations answer nothing, as what they do depends on which read comes out
 * last; what must hold is asserted inside.
 */
public class LifecycleReadsLincheckTest {

  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicInteger reading = new AtomicInteger();
  private final AtomicInteger callbacks = new AtomicInteger();
  private final AtomicInteger closers = new AtomicInteger();
  private volatile boolean unread = true;

  public LifecycleReadsLincheckTest() {
    lifecycle.starting();
    lifecycle.started();
  }

  @Operation
  public void read() {
    if (lifecycle.enterToRead()) {
      reading.incrementAndGet();
      if (closers.get() != 0) {
        throw new AssertionError("Reads while, or after, the container is closed");
      }
      reading.decrementAndGet();
      if (lifecycle.exitRead()) {
        close();
      }
    }
  }

  /** The ReadListener is told of data, and reads it. */
  @Operation
  public void dataAvailable() {
    if (lifecycle.enterCallback()) {
      callbacks.incrementAndGet();
      read();
      callbacks.decrementAndGet();
      if (lifecycle.exitCallback()) {
        settle();
      }
    }
  }

  /** A read meets the end of the body. */
  @Operation
  public void bodyEnds() {
    unread = false;
    lingered();
  }

  @Operation
  public void disconnect() {
    lifecycle.end(SomeEnd.of(Kind.DISCONNECTED));
    settle();
  }

  @Operation
  public void complete() {
    lifecycle.end(End.of(Kind.COMPLETED, Duration.ZERO));
    settle();
  }

  private void settle() {
    if (lifecycle.claimTellElsewhere() != null) {
      if (callbacks.get() > 0) {
        throw new AssertionError("Told of the end while a callback runs");
      }
      if (unread) {
        lifecycle.toldWhileUnread();
      } else {
        lifecycle.told();
      }
    }
    lingered();
    close();
  }

  private void lingered() {
    if (!unread && lifecycle.lingered()) {
      close();
    }
  }

  private void close() {
    if (lifecycle.claimClose() != null) {
      if (reading.get() != 0) {
        throw new AssertionError("Closed while a read is inside");
      }
      closers.incrementAndGet();
      lifecycle.closed();
    }
  }

  @Validate
  public void closedOnceUnlessItLingers() {
    boolean open =
        lifecycle.decidedEnd() == null
            || (unread && lifecycle.phase() == Lifecycle.Phase.LINGERING);
    if (closers.get() != (open ? 0 : 1)) {
      throw new AssertionError(closers + " closers of " + lifecycle);
    }
  }

  @Test
  void g3NothingLate_g4OneCloser_inEveryInterleaving() {
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
  void g3NothingLate_g4OneCloser_underStress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(2)
        .iterations(Tries.of(5))
        .invocationsPerIteration(500)
        .check(getClass());
  }
}
