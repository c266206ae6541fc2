package io.github.safeasync.internal.body;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** No work is left behind, and what one thread with the turn has written the next one sees. */
@JCStressTest
@Outcome(
    id = {"2, 1", "2, 2"},
    expect = Expect.ACCEPTABLE,
    desc = "Both pieces are done, in one round or two.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Work is left behind, or a round is lost.")
@State
public class TurnStress {

  private final Turn turn = new Turn();
  private final AtomicInteger submitted = new AtomicInteger();
  private int done;
  private int rounds;

  @Actor
  public void one() {
    work();
  }

  @Actor
  public void other() {
    work();
  }

  private void work() {
    submitted.incrementAndGet();
    if (turn.take()) {
      do {
        done = submitted.get();
        rounds++;
      } while (!turn.leave());
    }
  }

  @Arbiter
  public void count(II_Result result) {
    result.r1 = done;
    result.r2 = rounds;
  }
}
