package io.github.safeasync.internal.body;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Notices a client that takes nothing: the container was not ready for more at one moment, and has
 * not become ready for the time of the write timeout.
 *
 * <p>To be cheap where the container is not ready thousands of times a second, a wait only notes
 * the time. One timer an exchange is armed by the first wait, and when it fires it looks how long
 * the wait of that moment has lasted: too long, or so long that it fires again when it would be too
 * long, or nobody waits and it rests until the next wait.
 */
final class WriteTimeout {

  private static final long NOT_WAITING = 0;

  private final long timeoutNanos;
  private final LongSupplier nanoTime;
  private final BiFunction<Runnable, Duration, Future<?>> timer;
  private final Runnable stalled;
  private final AtomicBoolean armed = new AtomicBoolean();
  private volatile long since = NOT_WAITING;
  private volatile @Nullable Future<?> task;
  private volatile boolean ended;

  WriteTimeout(
      Duration timeout,
      LongSupplier nanoTime,
      BiFunction<Runnable, Duration, Future<?>> timer,
      Runnable stalled) {
    this.timeoutNanos = timeout.toNanos();
    this.nanoTime = nanoTime;
    this.timer = timer;
    this.stalled = stalled;
  }

  /** The container is not ready. By the thread that has the outbox's turn. */
  void waiting() {
    if (timeoutNanos == 0) {
      return;
    }
    since = now();
    arm(timeoutNanos);
  }

  /** The container has become ready. Any thread. */
  void moved() {
    if (since != NOT_WAITING) {
      since = NOT_WAITING;
    }
  }

  /** Whether the container is waited for, for tests. */
  boolean isWaiting() {
    return since != NOT_WAITING;
  }

  /** The exchange has ended. Any thread. */
  void end() {
    ended = true;
    since = NOT_WAITING;
    Future<?> last = task;
    if (last != null) {
      last.cancel(false);
    }
  }

  private long now() {
    long now = nanoTime.getAsLong();
    return now == NOT_WAITING ? 1 : now;
  }

  private void arm(long nanos) {
    if (!ended && armed.compareAndSet(false, true)) {
      Future<?> next = timer.apply(this::look, Duration.ofNanos(nanos));
      task = next;
      if (ended) {
        next.cancel(false);
      }
    }
  }

  /** On the timer's thread. */
  private void look() {
    armed.set(false);
    long start = since;
    if (start == NOT_WAITING) {
      return;
    }
    long left = timeoutNanos - (now() - start);
    if (left <= 0) {
      stalled.run();
    } else {
      arm(left);
    }
  }
}
