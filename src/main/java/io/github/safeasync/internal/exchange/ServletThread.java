package io.github.safeasync.internal.exchange;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The container's thread that is in the filter's chain, and the one task that waits for it to come
 * out. Thread-safe.
 */
final class ServletThread {

  private static final AtomicReferenceFieldUpdater<ServletThread, Runnable> WAITING =
      AtomicReferenceFieldUpdater.newUpdater(ServletThread.class, Runnable.class, "waiting");

  private volatile @Nullable Thread thread;
  private volatile @Nullable Runnable waiting;

  /** Null if none is inside. */
  @Nullable Thread inside() {
    return thread;
  }

  boolean isCurrent() {
    return thread == Thread.currentThread();
  }

  /** The calling thread has come. */
  void arrived() {
    thread = Thread.currentThread();
  }

  /** The calling thread leaves, and runs what waited for that. */
  void departed() {
    thread = null;
    runWaiting();
  }

  /** Runs the one task that waits for the thread to leave, now if none is there. */
  void onceOut(Runnable task) {
    waiting = task;
    if (thread == null) {
      runWaiting();
    }
  }

  private void runWaiting() {
    Runnable next = waiting;
    if (next != null && WAITING.compareAndSet(this, next, null)) {
      next.run();
    }
  }
}
