package io.github.safeasync;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one state machine that owns an exchange: it decides which end the exchange has, lets calls
 * into the container only before that end, and lets exactly one thread close the container's side,
 * after the last call has come out.
 *
 * <p>It decides, and acts on nothing: whoever is told that it won a transition acts afterwards. All
 * of it is one immutable {@link State} behind one atomic reference; no method blocks but {@link
 * #awaitQuiet}.
 *
 * <p>Why calls are counted in: a call that is inside the container while another thread completes
 * the exchange damages the next request on Tomcat, Jetty and Undertow alike, because all of them
 * use their request and response objects again. So the end is decided at once, and what completes
 * the container waits for the last call to come out: "last one out closes".
 */
final class Lifecycle {

  /**
   * The phases of an exchange.
   *
   * <pre>
   *            starting                started
   *   ┌─────┐ ────────► ┌──────────┐ ────────► ┌──────┐ ◄──┐ enter, exit:
   *   │ NEW │           │ STARTING │           │ OPEN │    │ calls of the container
   *   └─────┘ ◄──────── └──────────┘           └──┬───┘ ───┘
   *           notStarted                          │ end: exactly one thread wins
   *                                               ▼
   *                                            ┌───────┐ ◄──┐
   *                                            │ ENDED │    │ exit: calls come out, none goes in
   *                                            └──┬────┘ ───┘
   *                                               │ claimClose: exactly one thread wins,
   *                                               ▼             once no call is inside
   *                                            ┌─────────┐
   *                                            │ CLOSING │
   *                                            └──┬──────┘
   *                                               │ closed: by the thread that claimed it
   *                                               ▼
   *                                            ┌────────┐
   *                                            │ CLOSED │
   *                                            └────────┘
   * </pre>
   */
  enum Phase {
    /** The request is not asynchronous. */
    NEW,
    /** One thread is inside the container's startAsync. */
    STARTING,
    /** Calls may go into the container. */
    OPEN,
    /** The end is decided; calls that were inside the container may still be coming out. */
    ENDED,
    /** One thread alone touches the container for the last time. */
    CLOSING,
    /** Nothing touches the container any more. */
    CLOSED
  }

  /** A thread that is inside the container, and those that went in before it. */
  record Call(Thread thread, @Nullable Call below) {

    static @Nullable Call without(@Nullable Call calls, Thread thread) {
      if (calls == null) {
        throw new IllegalStateException("Not inside the container: " + thread);
      }
      return calls.thread == thread
          ? calls.below
          : new Call(calls.thread, without(calls.below, thread));
    }

    static boolean othersThan(@Nullable Call calls, Thread thread) {
      for (Call call = calls; call != null; call = call.below) {
        if (call.thread != thread) {
          return true;
        }
      }
      return false;
    }
  }

  /** One moment of an exchange; the end is set from ENDED on. */
  record State(Phase phase, @Nullable Call calls, @Nullable End end) {}

  private static final State NEW = new State(Phase.NEW, null, null);
  private static final State STARTING = new State(Phase.STARTING, null, null);
  private static final State OPEN = new State(Phase.OPEN, null, null);

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Lifecycle.class, "state", State.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile State state = NEW;

  private boolean compareAndSet(State expected, State next) {
    return STATE.compareAndSet(this, expected, next);
  }

  /** Claims the call of startAsync. Answers true to one thread. */
  boolean starting() {
    return compareAndSet(NEW, STARTING);
  }

  /** Called by the thread that claimed {@link #starting}: the container has started. */
  void started() {
    requirePhase(compareAndSet(STARTING, OPEN), "started");
  }

  /** Called by the thread that claimed {@link #starting}: the container refused. */
  void notStarted() {
    requirePhase(compareAndSet(STARTING, NEW), "notStarted");
  }

  /**
   * Lets the calling thread into the container; any thread, nested or beside others.
   *
   * @return false if the exchange is not open; otherwise {@link #exit} must follow
   */
  boolean enter() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      if (now.phase != Phase.OPEN) {
        return false;
      }
      if (compareAndSet(now, new State(Phase.OPEN, new Call(thread, now.calls), null))) {
        return true;
      }
    }
  }

  /**
   * Says that the calling thread has come out of the container.
   *
   * @return true if the end has been decided and no call is left inside: the caller has to try
   *     {@link #claimClose}
   */
  boolean exit() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      Call left = Call.without(now.calls, thread);
      State next =
          left == null && now.phase == Phase.OPEN ? OPEN : new State(now.phase, left, now.end);
      if (compareAndSet(now, next)) {
        return next.phase == Phase.ENDED && left == null;
      }
    }
  }

  /**
   * Decides the end; any thread.
   *
   * @return true if this call decided it: the caller has to publish the end and to see that {@link
   *     #claimClose} is tried
   */
  boolean end(End end) {
    while (true) {
      State now = state;
      if (now.phase != Phase.OPEN) {
        return false;
      }
      if (compareAndSet(now, new State(Phase.ENDED, now.calls, end))) {
        return true;
      }
    }
  }

  /**
   * Claims the last touch of the container; any thread.
   *
   * @return the end if this thread has to close the container's side now and to call {@link
   *     #closed} afterwards; null if another thread does, or a call is still inside
   */
  @Nullable End claimClose() {
    while (true) {
      State now = state;
      if (now.phase != Phase.ENDED || now.calls != null) {
        return null;
      }
      Call closer = new Call(Thread.currentThread(), null);
      if (compareAndSet(now, new State(Phase.CLOSING, closer, now.end))) {
        return now.end;
      }
    }
  }

  /** Called by the thread that won {@link #claimClose}, when it has closed the container's side. */
  void closed() {
    State now = state;
    requirePhase(
        now.phase == Phase.CLOSING && compareAndSet(now, new State(Phase.CLOSED, null, now.end)),
        "closed");
  }

  /**
   * Waits until no other thread is inside the container. For a container's own thread that is about
   * to end the exchange on the container's side; calls of that thread itself (a container may call
   * a listener from inside a write) do not count. Such a race is rare and short, so it is polled.
   *
   * @return false if a call is still inside after the given time
   */
  boolean awaitQuiet(long time, TimeUnit unit) {
    Thread thread = Thread.currentThread();
    long deadline = System.nanoTime() + unit.toNanos(time);
    while (Call.othersThan(state.calls, thread)) {
      if (deadline - System.nanoTime() < 0) {
        return false;
      }
      LockSupport.parkNanos(50_000);
    }
    return true;
  }

  boolean isNew() {
    return state.phase == Phase.NEW;
  }

  boolean isOpen() {
    return state.phase == Phase.OPEN;
  }

  /** Answers the end once it is decided. */
  @Nullable End decidedEnd() {
    return state.end;
  }

  private void requirePhase(boolean held, String transition) {
    if (!held) {
      throw new IllegalStateException(transition + " does not follow " + state);
    }
  }

  @Override
  public String toString() {
    return state.toString();
  }
}
