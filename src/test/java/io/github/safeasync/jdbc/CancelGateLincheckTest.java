package io.github.safeasync.jdbc;

import io.github.safeasync.testkit.Tries;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Lets cancels race with the checkin of their connection. */
public class CancelGateLincheckTest {

  private final CancelGate gate = new CancelGate();
  private volatile boolean givenBack;

  @Operation
  public boolean cancel() {
    if (!gate.enter()) {
      return false;
    }
    boolean foreign = givenBack;
    gate.leave();
    if (foreign) {
      throw new AssertionError("Cancelled after the connection was given back");
    }
    return true;
  }

  /** Of one that may still be on its way the connection is not given back. */
  @Operation(runOnce = true)
  public void giveBack() {
    givenBack = gate.close(0) != CancelGate.Verdict.DOUBTFUL;
  }

  @Test
  void g9NoCancelAfterTheCheckin_inEveryInterleaving() {
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
