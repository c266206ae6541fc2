package io.github.safeasync.internal;

import io.github.safeasync.Handle;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Somebody who waits in a queue to be told of something once: whoever takes it, to run it or to
 * take it back, is the only one. Thread-safe.
 *
 * @param <T> what is run
 */
public final class OneShot<T> extends AtomicBoolean implements Handle {

  private static final long serialVersionUID = 1L;

  private final transient Queue<OneShot<T>> waiting;
  private final transient T action;

  /**
   * Does not put it into the queue.
   *
   * @param waiting from which it is removed when it is taken back
   */
  public OneShot(Queue<OneShot<T>> waiting, T action) {
    this.waiting = waiting;
    this.action = action;
  }

  /** Returns true to one caller, who is to run the action. */
  public boolean take() {
    return compareAndSet(false, true);
  }

  /** Returns what is run. */
  public T action() {
    return action;
  }

  /** Returns how far it is. */
  @Override
  public String toString() {
    return "Handle of " + action + (get() ? ", taken" : ", waiting");
  }

  @Override
  public boolean remove() {
    boolean removed = take();
    if (removed) {
      waiting.remove(this);
    }
    return removed;
  }
}
