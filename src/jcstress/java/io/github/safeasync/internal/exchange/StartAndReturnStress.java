package io.github.safeasync.internal.exchange;

import io.github.safeasync.End.Kind;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** G4: another thread starts a cycle while the servlet returns, and its end is told. */
@JCStressTest
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "Told.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A servlet that has returned is waited for.")
@State
public class StartAndReturnStress {

  private final Lifecycle lifecycle = new Lifecycle(Thread.currentThread());

  @Actor
  public void start() {
    lifecycle.starting();
    lifecycle.started();
  }

  @Actor
  public void servletReturns() {
    lifecycle.leaveChain();
    lifecycle.depart();
  }

  @Arbiter
  public void end(ZZ_Result result) {
    result.r1 = lifecycle.end(SomeEnd.of(Kind.DISCONNECTED));
    result.r2 = lifecycle.claimTellElsewhere() != null;
  }
}
