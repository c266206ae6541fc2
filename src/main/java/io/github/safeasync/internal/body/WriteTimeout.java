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
 *
 * <p>Where the timer is late, the process had no time (SIGSTOP, a machine that was suspended or
 * moved), and the container has not yet seen either that the client takes what was sent: so it is
 * given a moment.
 */
final class WriteTimeout {

  private static final long NOT_WAITING = 0;

  /** More than a busy machine makes of it as a rule. */
  private static final long LATE_NANOS = 250_000_000;

  private static final long MOMENT_NANOS = 1_000_000_000;

  /** A process that never has time is no excuse for good. */
  private static final int MOST_MOMENTS = 3;

  private final long timeoutNanos;
  private final LongSupplier nanoTime;
  private final BiFunction<Runnable, Duration, Future<?>> timer;
  private final Runnable stalled;
  private final AtomicBoolean armed = new AtomicBoolean();
  private volatile long since = NOT_WAITING;
  private volatile long due;
  private volatile int moments;
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
    moments = 0;
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
      due = now() + nanos;
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
    long now = now();
    long left = timeoutNanos - (now - start);
    if (left > 0) {
      arm(left);
      return;
    }
    int given = moments;
    if (now - due > LATE_NANOS && given < MOST_MOMENTS) {
      moments = given + 1;
      arm(MOMENT_NANOS);
    } else {
      stalled.run();
    }
  }
}
