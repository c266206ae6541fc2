package io.github.safeasync.internal.body;

import io.github.safeasync.Handle;
import io.github.safeasync.internal.OneShot;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of the heap hold what was accepted for one response and not yet handed to the
 * container, and who waits for that to become less. Thread-safe; only {@link #await} waits.
 *
 * <pre>
 *   0 ─────── mark / 4 ─────────── mark ────────────────── limit ────►  bytes
 *   └────────── isWritable ─────────┘                        │
 *   └── runs who waits ──┘          └─ isWritable is false ──┤
 *                                                            └─ admit is false for what ends here
 * </pre>
 */
public final class PendingBytes {

  private final long mark;
  private final long limit;
  private final AtomicLong bytes = new AtomicLong();

  /** Those who want to be called when there is room. */
  private final Queue<OneShot<Runnable>> waiters = new ConcurrentLinkedQueue<>();

  private final Queue<CountDownLatch> blocked = new ConcurrentLinkedQueue<>();
  private volatile boolean ended;

  /**
   * Starts empty.
   *
   * @param mark from how many bytes on it is not writable
   * @param limit how many bytes may be pending at most
   */
  PendingBytes(long mark, long limit) {
    this.mark = mark;
    this.limit = limit;
  }

  public long bytes() {
    return bytes.get();
  }

  long limit() {
    return limit;
  }

  public boolean isWritable() {
    return bytes.get() < mark;
  }

  /**
   * Accounts for bytes unless they are too many. What the application hands over at once is in
   * memory anyway: it is never too many while it is writable.
   */
  boolean admit(long weight) {
    while (true) {
      long now = bytes.get();
      if (now >= mark && now + weight > limit) {
        return false;
      }
      if (bytes.compareAndSet(now, now + weight)) {
        return true;
      }
    }
  }

  /** Takes bytes off the account: they were handed over, or dropped. */
  void release(long weight) {
    long left = bytes.addAndGet(-weight);
    wakeBlocked();
    if (left <= mark / 4) {
      runWaiters();
    }
  }

  /** Runs an action once when there is room, which may be now, on the calling thread. */
  public Handle whenWritable(Runnable action) {
    OneShot<Runnable> waiter = new OneShot<>(waiters, action);
    waiters.add(waiter);
    if (ended) {
      waiters.clear();
    } else if (isWritable()) {
      runWaiters();
    }
    return waiter;
  }

  /**
   * Waits until it is writable, or the exchange has ended; false if nothing at all was released for
   * that time.
   */
  boolean await(long timeout, TimeUnit unit) throws InterruptedException {
    while (!isWritable() && !ended) {
      CountDownLatch released = new CountDownLatch(1);
      blocked.add(released);
      try {
        if (!isWritable() && !ended && !released.await(timeout, unit)) {
          return false;
        }
      } finally {
        blocked.remove(released);
      }
    }
    return true;
  }

  private void wakeBlocked() {
    for (CountDownLatch next; (next = blocked.poll()) != null; ) {
      next.countDown();
    }
  }

  /** There is no room to wait for any more: those who block are let go, the others forgotten. */
  void end() {
    ended = true;
    wakeBlocked();
    waiters.clear();
  }

  public boolean hasEnded() {
    return ended;
  }

  /** An action may fill the room and wait again at once: those who wait then are not run now. */
  private void runWaiters() {
    while (isWritable()) {
      OneShot<Runnable> waiter = waiters.poll();
      if (waiter == null) {
        return;
      }
      if (waiter.take()) {
        waiter.action().run();
      }
    }
  }
}
