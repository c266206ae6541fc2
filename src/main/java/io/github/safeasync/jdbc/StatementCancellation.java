package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Wrapper;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The statements that run on one connection, one after the other, as the token of one exchange
 * cancels them: the one that runs, once; none that has ended, and none that has yet to begin.
 *
 * <pre>
 *            begin               close                  returned, it runs on
 *   ┌──────┐ ────► ┌───────────┐ ────► ┌──────────────┐ ────────► ┌───────────┐
 *   │ IDLE │       │ Statement │       │ Cancel: is   │           │ Sent: the │
 *   └─┬──┬─┘ ◄──── │ that runs │       │ inside the   │ ◄──────── │ statement │
 *     │  │    end  └───────────┘       │ driver       │   again   │ runs on   │
 *     │  │                             └──────┬───────┘           └─────┬─────┘
 *     │  │ close                              │ end, which waits        │ end
 *     │  │         ┌───────┐                  │ until that has returned │
 *     │  └───────► │ FIRED │ ◄────────────────┴─────────────────────────┘
 *     │            └───────┘
 *     │ detach     ┌──────────┐
 *     └──────────► │ DETACHED │
 *                  └──────────┘
 * </pre>
 *
 * <p>{@code close} is the token's, called once, on a thread that may wait. {@code begin}, {@code
 * end} and {@code detach} are called by the connection's user. A cancel that comes before the
 * database has the statement is lost there, so it is sent again while the statement runs on.
 * Lock-free, but for the waits.
 */
final class StatementCancellation implements AutoCloseable, Wrapper {

  /** How long a cancel may be inside the driver before nobody can say when it arrives. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** When a cancel that had no effect is sent again. */
  private static final List<Duration> AGAIN =
      List.of(Duration.ofMillis(20), Duration.ofMillis(200), Duration.ofSeconds(2));

  private enum Rest {
    /** Nothing runs. */
    IDLE,
    /** The token is cancelled, and nothing is cancelled here any more. */
    FIRED,
    /** The connection has gone back to its pool, or works for another exchange. */
    DETACHED
  }

  /** A cancel that is inside the driver. */
  private static final class Cancel {
    final CountDownLatch returned = new CountDownLatch(1);
  }

  /** A statement that has been cancelled and runs still. */
  private static final class Sent {
    final CountDownLatch ended = new CountDownLatch(1);
  }

  private static final AtomicReferenceFieldUpdater<StatementCancellation, Object> STATE =
      AtomicReferenceFieldUpdater.newUpdater(StatementCancellation.class, Object.class, "state");

  private final CancellationToken token;
  private final CancelGate gate;
  private final List<Duration> again;
  private @Nullable Handle handle;

  /** A {@link Rest}, a {@link Statement} that runs, a {@link Cancel} or a {@link Sent}. */
  private volatile Object state = Rest.IDLE;

  StatementCancellation(CancellationToken token, CancelGate gate) {
    this(token, gate, AGAIN);
  }

  StatementCancellation(CancellationToken token, CancelGate gate, List<Duration> again) {
    this.token = token;
    this.gate = gate;
    this.again = again;
  }

  /** Binds it to its token; called before it is shared. */
  void bind() {
    handle = token.bind(this);
  }

  /** It is one as all of JDBC is, by which the stats count it among the queries. */
  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("Nothing is wrapped here");
  }

  boolean isOf(CancellationToken other) {
    return token == other;
  }

  CancellationToken token() {
    return token;
  }

  // The connection's user.

  /** Returns false if another statement runs, or none is cancelled here any more. */
  boolean begin(Statement statement) {
    return STATE.compareAndSet(this, Rest.IDLE, statement);
  }

  /**
   * The statement has ended; waits for a cancel that is inside the driver.
   *
   * @return whether it was cancelled
   */
  boolean end(Statement statement) {
    return !STATE.compareAndSet(this, statement, Rest.IDLE) && endCancelled();
  }

  private boolean endCancelled() {
    for (; ; ) {
      Object now = state;
      if (!(now instanceof Cancel || now instanceof Sent)) {
        throw new IllegalStateException("A statement ended that did not run: " + now);
      }
      if (STATE.compareAndSet(this, now, Rest.FIRED)) {
        if (now instanceof Sent sent) {
          sent.ended.countDown();
        } else if (!awaitReturn((Cancel) now)) {
          gate.doubt();
        }
        return true;
      }
    }
  }

  /** Not ended by an interrupt: one comes with the hang-up under {@code watch=sync}. */
  private static boolean awaitReturn(Cancel cancel) {
    boolean interrupted = false;
    try {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      for (; ; ) {
        try {
          return cancel.returned.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Takes it back from its token.
   *
   * @return false if a statement runs, which goes on being bound
   */
  boolean detach() {
    boolean idle = STATE.compareAndSet(this, Rest.IDLE, Rest.DETACHED) || state instanceof Rest;
    Handle bound = handle;
    if (idle && bound != null) {
      bound.remove();
    }
    return idle;
  }

  // The token.

  /** What a try calls. */
  private interface Way {
    void cancel(Statement statement) throws SQLException;
  }

  /** Cancels what runs. */
  @Override
  public void close() throws SQLException {
    Cancel cancel = new Cancel();
    if (!(claim(cancel) instanceof Statement statement)) {
      return;
    }
    Way way = Statement::cancel;
    for (Duration pause : again) {
      Sent sent = new Sent();
      if (!send(way, statement, cancel, sent) || awaitEnd(sent, pause)) {
        return;
      }
      cancel = new Cancel();
      if (!STATE.compareAndSet(this, sent, cancel)) {
        return;
      }
      way = DriverCancel::again;
    }
    send(way, statement, cancel, new Sent());
  }

  /** Returns the state before. */
  private Object claim(Cancel cancel) {
    for (; ; ) {
      Object now = state;
      Object next = now instanceof Statement ? cancel : now == Rest.IDLE ? Rest.FIRED : now;
      if (STATE.compareAndSet(this, now, next)) {
        return now;
      }
    }
  }

  /** Returns whether it was sent, and the statement runs on. */
  private boolean send(Way way, Statement statement, Cancel cancel, Sent sent) throws SQLException {
    boolean runsOn = false;
    boolean returned = false;
    try {
      returned = cancel(way, statement);
    } finally {
      runsOn = STATE.compareAndSet(this, cancel, sent);
      cancel.returned.countDown();
    }
    return returned && runsOn;
  }

  /** Returns false if nothing may be cancelled any more. */
  private boolean cancel(Way way, Statement statement) throws SQLException {
    if (!gate.enter()) {
      return false;
    }
    long begun = System.nanoTime();
    try {
      way.cancel(statement);
      return true;
    } catch (SQLFeatureNotSupportedException e) {
      throw e; // Nothing was sent.
    } catch (SQLException | RuntimeException | Error e) {
      gate.doubt();
      throw e;
    } finally {
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        gate.doubt();
      }
      gate.leave();
    }
  }

  /** Returns false when it is time to cancel again. */
  private static boolean awaitEnd(Sent sent, Duration pause) {
    try {
      return sent.ended.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
