package io.github.safeasync;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of one response were accepted and not yet handed to the container, and who waits
 * for that to become less. Thread-safe; only {@link #await} waits.
 *
 * <pre>
 *   0 ─────── mark / 4 ─────────── mark ────────────────── limit ────►  bytes
 *   └────────── isWritable ─────────┘                        │
 *   └── runs who waits ──┘          └─ isWritable is false ──┤
 *                                                            └─ admit is false
 * </pre>
 */
final class Pending {

  /** Somebody who waits for room. Runs once, or is removed. */
  private final class Waiter extends AtomicBoolean implements Registration {

    private static final long serialVersionUID = 1L;

    private final transient Runnable action;
    private final boolean alsoAtTheEnd;

    Waiter(Runnable action, boolean alsoAtTheEnd) {
      this.action = action;
      this.alsoAtTheEnd = alsoAtTheEnd;
    }

    boolean take() {
      return compareAndSet(false, true);
    }

    @Override
    public boolean remove() {
      boolean removed = take();
      if (removed) {
        waiters.remove(this);
      }
      return removed;
    }
  }

  private final long mark;
  private final long limit;
  private final AtomicLong bytes = new AtomicLong();
  private final Queue<Waiter> waiters = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  /**
   * Starts empty.
   *
   * @param mark from how many bytes on it is not writable
   * @param limit how many bytes may be pending at most
   */
  Pending(long mark, long limit) {
    this.mark = mark;
    this.limit = limit;
  }

  long bytes() {
    return bytes.get();
  }

  long limit() {
    return limit;
  }

  boolean isWritable() {
    return bytes.get() < mark;
  }

  /**
   * Accounts for bytes unless they are too many. What the application hands over at once, with
   * nothing pending before it, is in memory anyway and never too many.
   */
  boolean admit(int length) {
    while (true) {
      long now = bytes.get();
      if (now > 0 && now + length > limit) {
        return false;
      }
      if (bytes.compareAndSet(now, now + length)) {
        return true;
      }
    }
  }

  /** Takes bytes off the account: they were handed over, or dropped. */
  void release(long length) {
    if (bytes.addAndGet(-length) <= mark / 4) {
      runWaiters(false);
    }
  }

  /** Runs an action once when there is room, which may be now, on the calling thread. */
  Registration whenWritable(Runnable action) {
    return add(new Waiter(action, false));
  }

  private Waiter add(Waiter waiter) {
    waiters.add(waiter);
    if (ended) {
      runWaiters(true);
    } else if (isWritable()) {
      runWaiters(false);
    }
    return waiter;
  }

  /** Waits until there is room, or the exchange has ended; false if that takes too long. */
  boolean await(long timeout, TimeUnit unit) throws InterruptedException {
    long deadline = System.nanoTime() + unit.toNanos(timeout);
    while (!isWritable() && !ended) {
      CountDownLatch room = new CountDownLatch(1);
      Waiter waiter = add(new Waiter(room::countDown, true));
      try {
        if (!room.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          return false;
        }
      } finally {
        waiter.remove();
      }
    }
    return true;
  }

  /** There is no room to wait for any more: those who block are let go, the others forgotten. */
  void end() {
    ended = true;
    runWaiters(true);
  }

  /** An action may fill the room and wait again at once: those who wait then are not run now. */
  private void runWaiters(boolean atTheEnd) {
    while (atTheEnd || isWritable()) {
      Waiter waiter = waiters.poll();
      if (waiter == null) {
        return;
      }
      if ((!atTheEnd || waiter.alsoAtTheEnd) && waiter.take()) {
        waiter.action.run();
      }
    }
  }
}
