package io.github.safeasync.internal.body;

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * Lets one thread at a time do a piece of work. A thread that comes while another one works does
 * not wait: it leaves a note, and the working thread goes round once more.
 *
 * <pre>
 *            take: true              take: false
 *   ┌──────┐ ──────────► ┌───────┐ ──────────────► ┌────────────┐ ◄─┐ take:
 *   │ FREE │             │ TAKEN │                 │ TAKEN_NOTE │   │ false
 *   └──────┘ ◄────────── └───────┘ ◄────────────── └────────────┘ ──┘
 *            leave: true             leave: false
 * </pre>
 *
 * <p>Any thread may {@code take}; only the thread that has the turn may {@code leave}, or may hand
 * it to another thread, with a happens-before edge of their own between them. What the thread with
 * the turn writes is seen by the next one.
 */
public final class Turn {

  private enum State {
    /** Nobody works. */
    FREE,
    /** One thread works. */
    TAKEN,
    /** One thread works, and has to go round once more. */
    TAKEN_NOTE
  }

  private static final AtomicReferenceFieldUpdater<Turn, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(Turn.class, State.class, "state");

  private volatile State state = State.FREE;

  /**
   * Takes the turn, or leaves a note for the thread that has it.
   *
   * @return true if the caller has the turn now
   */
  public boolean take() {
    while (true) {
      State now = state;
      State next = now == State.FREE ? State.TAKEN : State.TAKEN_NOTE;
      if (now == next || STATE.compareAndSet(this, now, next)) {
        return now == State.FREE;
      }
    }
  }

  /**
   * Gives the turn back, unless a note was left.
   *
   * @return false if the caller still has the turn and has to go round once more
   */
  public boolean leave() {
    if (STATE.compareAndSet(this, State.TAKEN, State.FREE)) {
      return true;
    }
    state = State.TAKEN;
    return false;
  }
}
