package io.github.safeasync.internal.exchange;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * At most one interrupt of a thread, and none after the thread has gone on to something else: a
 * thread of a pool must not carry it into the next request.
 *
 * <pre>
 *   ┌─────────┐ interrupt: claimed ┌──────────────┐ delivered ┌─────────────┐
 *   │ RUNNING │ ─────────────────► │ INTERRUPTING │ ────────► │ INTERRUPTED │
 *   └────┬────┘                    └──────────────┘           └──────┬──────┘
 *        │ finish                    finish waits                    │ finish: takes the
 *        ▼                                                           ▼ interrupt back
 *   ┌──────┐                                                    ┌──────┐
 *   │ DONE │ ◄───────────────────── the same ─────────────────► │ DONE │
 *   └──────┘                                                    └──────┘
 * </pre>
 *
 * <p>Any thread may {@code interrupt}: one wins. Any thread may {@code finish}; only the thread
 * itself can take the interrupt back. Thread.interrupt does not block, so the wait is a spin.
 */
final class Interruption {

  private enum State {
    /** The thread may be interrupted. */
    RUNNING,
    /** One thread is inside Thread.interrupt. */
    INTERRUPTING,
    /** The interrupt has been delivered. */
    INTERRUPTED,
    /** The thread has gone on, and is not touched any more. */
    DONE
  }

  private static final AtomicReferenceFieldUpdater<Interruption, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(Interruption.class, State.class, "state");

  private final Thread thread;
  private volatile State state = State.RUNNING;

  Interruption(Thread thread) {
    this.thread = thread;
  }

  /**
   * Interrupts the thread, unless that was done before or comes too late.
   *
   * @return whether this call did
   */
  boolean interrupt() {
    if (!STATE.compareAndSet(this, State.RUNNING, State.INTERRUPTING)) {
      return false;
    }
    try {
      thread.interrupt();
    } finally {
      state = State.INTERRUPTED;
    }
    return true;
  }

  /** Whether the thread has been interrupted, and has not finished. */
  boolean isInterrupted() {
    return state == State.INTERRUPTED || state == State.INTERRUPTING;
  }

  /**
   * Sees that no interrupt comes after this, and, if called by the thread itself, that none is left
   * of this one. An interrupt that somebody else sent at the same time goes with it.
   *
   * @return whether the thread was not interrupted, and this is the first call
   */
  @SuppressWarnings("ThreadPriorityCheck") // a park returns at once where the interrupt has come
  boolean finish() {
    if (STATE.compareAndSet(this, State.RUNNING, State.DONE)) {
      return true;
    }
    while (state == State.INTERRUPTING) {
      Thread.yield();
    }
    if (STATE.compareAndSet(this, State.INTERRUPTED, State.DONE)
        && thread == Thread.currentThread()) {
      Thread.interrupted();
    }
    return false;
  }
}
