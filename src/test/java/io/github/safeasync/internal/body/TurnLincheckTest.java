package io.github.safeasync.internal.body;

import io.github.safeasync.testkit.Tries;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** Runs a {@link Turn} as its users do, in every interleaving that Lincheck can think of. */
public class TurnLincheckTest {

  private final Turn turn = new Turn();
  private volatile boolean submitted;
  private volatile boolean busy;

  /** Plain on purpose: only the turn makes it safe. */
  private int rounds;

  /** Submits work and does it, here or by a note for the thread that is at it. */
  @Operation
  public void work() {
    submitted = true;
    if (turn.take()) {
      do {
        round();
      } while (!turn.leave());
    }
  }

  private void round() {
    if (busy) {
      throw new AssertionError("Two threads have the turn");
    }
    busy = true;
    submitted = false;
    rounds++;
    busy = false;
  }

  @Validate
  public void noNoteIsLost() {
    if (submitted || !turn.take()) {
      throw new AssertionError("Work was left behind, after " + rounds + " rounds");
    }
    turn.leave();
  }

  @Test
  void onlyOneThreadWorks_andNoNoteIsLost_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(Tries.of(2))
        .invocationsPerIteration(Tries.of(3000))
        .checkObstructionFreedom(true)
        .check(getClass());
  }

  @Test
  void onlyOneThreadWorks_andNoNoteIsLost_underStress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(3)
        .iterations(Tries.of(5))
        .invocationsPerIteration(Tries.of(2000))
        .check(getClass());
  }
}
