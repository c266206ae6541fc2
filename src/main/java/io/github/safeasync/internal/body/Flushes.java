package io.github.safeasync.internal.body;

import io.github.safeasync.internal.body.BodyItem.Flush;
import java.util.ArrayList;
import java.util.List;

/**
 * How far what was written has been sent, and the flushes that wait for that. Belongs to the thread
 * that has the {@link Outbox}'s turn.
 *
 * <pre>
 *   ┌──────┐ want ┌────────┐
 *   │ NONE │ ───► │ WANTED │
 *   └──┬───┘      └───┬────┘
 *      └──────┬───────┘ written; due and asked as below
 *             ▼
 *      ┌─────────┐ due  ┌─────┐ asked ┌───────┐ ready ┌──────┐
 *      │ WRITTEN │ ───► │ DUE │ ────► │ ASKED │ ────► │ SENT │
 *      └─────────┘      └─────┘ ◄──── └───────┘       └──────┘
 *        ▲     │          ▲     due       ▲             │  │
 *        │     └──────────┼───────────────┘             │  │
 *        │ asked: at the  └─────────────────────────────┘  │
 *        │ body's end              due                     │
 *        └─────────────────────────────────────────────────┘
 *                        written
 * </pre>
 */
final class Flushes {

  private enum State {
    /** Nothing was written, and nothing has to be sent. */
    NONE,
    /** Something is to be sent that is not written yet. */
    WANTED,
    /** The container may keep what was written. */
    WRITTEN,
    /** The container is to be asked to flush, even if nobody waits for it, once it is ready. */
    DUE,
    /** It was asked to, and has not been ready since: only a look at that sends the rest. */
    ASKED,
    /** It has been ready since, and nothing was written. */
    SENT
  }

  private State state = State.NONE;

  /** Those of which all that was before them is written, in order. */
  private final List<Flush> due = new ArrayList<>(0);

  /** For how many of them the container was asked; they are done when it is ready again. */
  private int asked;

  /** Something comes that is to be sent. */
  void want() {
    if (state == State.NONE) {
      state = State.WANTED;
    }
  }

  /** Whether something was to be sent before anything was written. */
  boolean isWanted() {
    return state == State.WANTED;
  }

  /** All that is to be sent is written, or is being. */
  void becomeDue() {
    state = State.DUE;
  }

  /** All that is before a flush is written, or is being. */
  void becomeDue(Flush flush) {
    due.add(flush);
    becomeDue();
  }

  boolean isDue() {
    return state == State.DUE;
  }

  /** Something is handed to the container. */
  void written() {
    if (state != State.DUE) {
      state = State.WRITTEN;
    }
  }

  /** The container is asked to flush. */
  void ask() {
    state = State.ASKED;
    asked = due.size();
  }

  /** Whether the container is still to be looked at, though there is nothing to write. */
  boolean isUnderWay() {
    return state == State.DUE || state == State.ASKED;
  }

  /**
   * The container is ready.
   *
   * @return those that are done
   */
  List<Flush> ready() {
    if (state == State.ASKED) {
      state = State.SENT;
    }
    return takeAsked();
  }

  /** Whether nothing that was written can still lie with the container. */
  boolean isSent() {
    return state == State.SENT;
  }

  /**
   * Nothing goes out any more.
   *
   * @return all that wait
   */
  List<Flush> end() {
    asked = due.size();
    return takeAsked();
  }

  private List<Flush> takeAsked() {
    if (asked == 0) {
      return List.of();
    }
    List<Flush> first = due.subList(0, asked);
    List<Flush> taken = List.copyOf(first);
    first.clear();
    asked = 0;
    return taken;
  }
}
