package io.github.safeasync.jdbc;

import io.github.safeasync.testkit.Tries;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** Lets the token's cancel race with statements that begin and end, and with the checkin. */
public class StatementCancellationLincheckTest {

  private final CancelGate gate = new CancelGate();
  private final AtomicInteger cancels = new AtomicInteger();
  private volatile boolean running;
  private volatile boolean givenBack;

  private final StatementCancellation cancellation =
      new StatementCancellation(new FakeToken(), gate, List.of(Duration.ZERO));

  /** A driver cancels whatever runs on the connection, whosever it is. */
  private final Statement statement =
      new DelegatingStatement<>(null) {
        @Override
        public void cancel() {
          check();
          cancels.incrementAndGet();
          check();
        }

        @Override
        public Connection getConnection() {
          return null;
        }

        @Override
        public String toString() {
          return "a statement";
        }
      };

  private void check() {
    if (givenBack) {
      throw new AssertionError("Cancelled after the connection was given back");
    }
    if (!running) {
      throw new AssertionError("Cancelled where nothing runs");
    }
  }

  @Operation(nonParallelGroup = "token", runOnce = true)
  public void cancel() throws Exception {
    cancellation.close();
  }

  @Operation(nonParallelGroup = "user")
  public boolean run() {
    running = true;
    boolean bound = cancellation.begin(statement);
    boolean cancelled = bound && cancellation.end(statement);
    running = false;
    return bound && !cancelled;
  }

  @Operation(nonParallelGroup = "user", runOnce = true)
  public void giveBack() {
    boolean unused = cancellation.detach();
    gate.close(0);
    givenBack = true;
  }

  @Validate
  public void noMoreThanTheTries() {
    if (cancels.get() > 2) {
      throw new AssertionError("Cancelled " + cancels + " times");
    }
  }

  @Test
  void g9NoCancelOfAnotherStatement_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(Tries.of(12))
        .invocationsPerIteration(500)
        .check(getClass());
  }
}
