package io.github.safeasync.jdbc;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.LockSupport;

/**
 * The way of cancels into the driver, for one checkout of a connection. No cancel begins once the
 * connection is on its way back to its pool, and that waits for those that have begun: databases
 * cancel what runs on a connection, whosever it is.
 *
 * <pre>
 *             enter, leave                        close
 *   ┌──────┐ ◄───────────► ┌────────────────┐ ──────────► ┌────────┐ the last leaves, or
 *   │ OPEN │               │ OPEN, n inside │             │ CLOSED │ time is over: its verdict
 *   └──┬───┘               └────────────────┘             └────────┘
 *      └────────────────────────────────────────────────────► ▲
 * </pre>
 *
 * <p>Cancels enter and leave on threads of their tokens, the connection's user closes. Lock-free.
 */
final class CancelGate {

  /** What is known of the cancels of a checkout when it is over. */
  enum Verdict {
    /** There was none, or this is not the first close. */
    UNTOUCHED,
    /** All have returned in time. */
    RETURNED,
    /** One may still be on its way to the database. */
    DOUBTFUL
  }

  private static final int CLOSED = 1 << 31;
  private static final int SENT = 1 << 30;
  private static final int DOUBT = 1 << 29;
  private static final int INSIDE = DOUBT - 1;

  private static final AtomicIntegerFieldUpdater<CancelGate> STATE =
      AtomicIntegerFieldUpdater.newUpdater(CancelGate.class, "state");

  /** How many are inside, and the bits above. */
  private volatile int state;

  /**
   * Lets a cancel in.
   *
   * @return false if the connection has been closed: then nothing may be cancelled
   */
  boolean enter() {
    for (int now = state; (now & CLOSED) == 0; now = state) {
      if (STATE.compareAndSet(this, now, (now | SENT) + 1)) {
        return true;
      }
    }
    return false;
  }

  /** Called by each that entered, when the driver has returned. */
  void leave() {
    STATE.decrementAndGet(this);
  }

  /** Remembers that what was sent may arrive at any time. */
  void doubt() {
    STATE.getAndUpdate(this, now -> now | DOUBT);
  }

  boolean isClosed() {
    return state < 0;
  }

  /**
   * Lets nobody in any more, and waits for those inside.
   *
   * @param nanos how long at most, in nanoseconds
   */
  Verdict close(long nanos) {
    int before = STATE.getAndUpdate(this, now -> now | CLOSED);
    if ((before & CLOSED) != 0 || (before & SENT) == 0) {
      return Verdict.UNTOUCHED;
    }
    long deadline = System.nanoTime() + nanos;
    while ((state & INSIDE) != 0 && (state & DOUBT) == 0) {
      if (System.nanoTime() - deadline > 0) {
        return Verdict.DOUBTFUL;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    return (state & DOUBT) == 0 ? Verdict.RETURNED : Verdict.DOUBTFUL;
  }
}
