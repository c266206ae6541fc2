package io.github.safeasync.internal.exchange;

import io.github.safeasync.End.Kind;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * G2: a listener that is registered while the end is published hears of it once, and sees all that
 * was done before, by plain writes.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Heard once, with all that was before.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Not heard, heard twice, or before it was published.")
@State
public class EndPublicationStress {

  private final EndListeners listeners = new EndListeners("a test");
  private final AtomicInteger heard = new AtomicInteger();
  private int before;
  private int seen;

  @Actor
  public void register() {
    listeners.add(
        end -> {
          seen = before;
          heard.incrementAndGet();
        });
  }

  @Actor
  public void publish() {
    before = 1;
    listeners.publish(SomeEnd.of(Kind.DISCONNECTED));
    listeners.runAll();
  }

  @Arbiter
  public void count(II_Result result) {
    result.r1 = heard.get();
    result.r2 = seen;
  }
}
