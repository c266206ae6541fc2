package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The state machine, without anybody who competes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LifecycleSteps {

  private static final End COMPLETED = End.of(End.Kind.COMPLETED, Duration.ofMillis(1));

  private final Lifecycle open = new Lifecycle();

  /** Opens the one that is called. */
  @Setup
  public void start() {
    open.starting();
    open.started();
  }

  /** One guarded call, in and out. */
  @Benchmark
  public boolean enterAndExit() {
    return open.enter() && open.exit();
  }

  /** One request, from the start to the close. */
  @Benchmark
  public Lifecycle.Phase wholeLife() {
    Lifecycle lifecycle = new Lifecycle();
    lifecycle.starting();
    lifecycle.started();
    lifecycle.enter();
    lifecycle.exit();
    lifecycle.end(COMPLETED);
    lifecycle.claimClose();
    lifecycle.closed();
    return lifecycle.phase();
  }
}
