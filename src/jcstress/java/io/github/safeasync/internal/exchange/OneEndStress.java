package io.github.safeasync.internal.exchange;

import io.github.safeasync.End.Kind;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/** G2, G4: of two ends one wins, and the container's side is closed once. */
@JCStressTest
@Outcome(
    id = {"true, false, 1", "false, true, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "One end, one closer.")
@Outcome(expect = Expect.FORBIDDEN, desc = "No end or two, or not one closer.")
@State
public class OneEndStress {

  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicInteger closers = new AtomicInteger();

  public OneEndStress() {
    lifecycle.starting();
    lifecycle.started();
  }

  @Actor
  public void complete(ZZI_Result result) {
    result.r1 = end(Kind.COMPLETED);
  }

  @Actor
  public void disconnect(ZZI_Result result) {
    result.r2 = end(Kind.DISCONNECTED);
  }

  private boolean end(Kind kind) {
    boolean won = lifecycle.end(SomeEnd.of(kind));
    if (lifecycle.claimTellElsewhere() != null) {
      lifecycle.told();
    }
    if (lifecycle.claimClose() != null) {
      closers.incrementAndGet();
      lifecycle.closed();
    }
    return won;
  }

  @Arbiter
  public void count(ZZI_Result result) {
    result.r3 = closers.get();
  }
}
