package io.github.safeasync.internal.exchange;

import io.github.safeasync.End.Kind;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/**
 * G3: whoever closes the container's side sees all that a call has done to it, and a call that
 * comes later does nothing. What the call does is plain, as a container's own fields are.
 */
@JCStressTest
@Outcome(
    id = {"true, 1, 1", "false, 0, 1"},
    expect = Expect.ACCEPTABLE,
    desc = "The call was inside before the close, or not at all.")
@Outcome(
    expect = Expect.FORBIDDEN,
    desc = "Closed while a call is inside, or more or less than once.")
@State
public class EndAndCallStress {

  private final Lifecycle lifecycle = new Lifecycle();
  private final AtomicInteger closers = new AtomicInteger();
  private int done;
  private int seen;

  public EndAndCallStress() {
    lifecycle.starting();
    lifecycle.started();
  }

  @Actor
  public void call(ZII_Result result) {
    result.r1 = lifecycle.enter();
    if (result.r1) {
      done = 1;
      if (lifecycle.exit()) {
        close();
      }
    }
  }

  @Actor
  public void end() {
    lifecycle.end(SomeEnd.of(Kind.DISCONNECTED));
    close();
  }

  private void close() {
    if (lifecycle.claimTellElsewhere() != null) {
      lifecycle.told();
    }
    if (lifecycle.claimClose() != null) {
      seen = done;
      closers.incrementAndGet();
      lifecycle.closed();
    }
  }

  @Arbiter
  public void count(ZII_Result result) {
    result.r2 = seen;
    result.r3 = closers.get();
  }
}
