package io.github.safeasync.internal.exchange;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/** The one task that waits for the servlet's thread to leave the filter's chain. Thread-safe. */
final class AfterServlet {

  private static final AtomicReferenceFieldUpdater<AfterServlet, Runnable> WAITING =
      AtomicReferenceFieldUpdater.newUpdater(AfterServlet.class, Runnable.class, "waiting");

  private final Lifecycle lifecycle;
  private volatile @Nullable Runnable waiting;

  AfterServlet(Lifecycle lifecycle) {
    this.lifecycle = lifecycle;
  }

  /** Takes the place of what waits, and runs now if no thread is in the chain. */
  void run(Runnable task) {
    waiting = task;
    if (lifecycle.servlet() == null) {
      left();
    }
  }

  /** Called once the lifecycle knows that the thread has left. */
  void left() {
    Runnable next = waiting;
    if (next != null && WAITING.compareAndSet(this, next, null)) {
      next.run();
    }
  }
}
