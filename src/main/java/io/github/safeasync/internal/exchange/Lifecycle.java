package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one state machine that owns an exchange: it decides which end the exchange has, lets calls
 * into the container only before that end, and lets exactly one thread close the container's side,
 * after the last call has come out.
 *
 * <p>It decides, and acts on nothing: whoever is told that it won a transition acts afterwards. All
 * of it is one immutable {@link State} behind one atomic reference; no method blocks but {@link
 * #awaitQuiet}, {@link #awaitReads} and {@link #awaitTold}. A state is a value: a transition is
 * worked out from the one that it replaces, and from nothing else, so that it is right whether that
 * is there still or again. So states that are alike are one object where that is easy to have.
 *
 * <p>Why calls are counted in: a call that is inside the container while another thread completes
 * the exchange damages the next request on Tomcat, Jetty and Undertow alike, because all of them
 * use their request and response objects again. So the end is decided at once, and what completes
 * the container waits for the last call to come out: "last one out closes".
 */
public final class Lifecycle {

  /**
   * The phases of an exchange. The middle row is an application's own asynchronous cycle, which a
   * dispatch ends and a second startAsync begins again.
   *
   * <pre>
   *            starting                started
   *   ┌─────┐ ────────► ┌──────────┐ ────────► ┌──────┐ ◄──┐ enter, exit:
   *   │ NEW │           │ STARTING │           │ OPEN │ ───┘ calls of the container
   *   └─────┘ ◄──────── └──────────┘           └──────┘ ◄──────────────────┐
   *           notStarted                        ▲    │ dispatching         │ notDispatched
   *            starting                 started │    ▼                     │
   *   ┌─────────┐ ────► ┌────────────┐          │  ┌─────────────┐    ┌─────┴──────┐
   *   │ RESUMED │       │ RESTARTING │ ─────────┘  │ DISPATCHING │ ─► │ DISPATCHED │
   *   └─────────┘ ◄──── └────────────┘             └─────────────┘    └─────┬──────┘
   *        ▲   notStarted                                                   │
   *        └────────────────────────────────────────────────────────────────┘
   *          arrive, arriveUnmapped         claimDispatch: once no call is inside;
   *                                         claimDispatchInside: but the container's own
   *
   *   end: exactly one thread wins, from any of these but NEW and STARTING
   *       │ any other end                            │ COMPLETED, of which the
   *       ▼                                          ▼ container tells
   *   ┌───────┐ claimTell ┌─────────┐ told        ┌──────┐ claimClose ┌─────────┐
   *   │ ENDED │ ────────► │ TELLING │ ──────────► │ TOLD │ ─────────► │ CLOSING │
   *   └───────┘           └────┬────┘             └──────┘            └────┬────┘
   *                            │ toldWhileUnread      ▲                    │ closed
   *                            ▼                      │ lingered           ▼
   *                      ┌───────────┐                │               ┌────────┐
   *                      │ LINGERING │ ───────────────┘               │ CLOSED │
   *                      └───────────┘                                └────────┘
   *
   *   claimTell, claimTellElsewhere: exactly one thread wins, once the servlet, and a Read- or
   *   WriteListener on another thread, has returned
   *   claimClose: exactly one thread wins, once no call and no read is inside, and the
   *   container's thread is out
   * </pre>
   *
   * <p>After the end calls come out, and few go in: questions, reads of what has arrived, what the
   * servlet still may, and what fails a write. Where a cycle has been started meanwhile, {@link
   * #started} leaves the phase as it is, and makes that cycle the library's to complete.
   *
   * <p>Every arrow; a test compares them with what happens:
   *
   * <pre>
   *   NEW          starting            → STARTING
   *   STARTING     started             → OPEN
   *   STARTING     notStarted          → NEW
   *   OPEN         dispatching         → DISPATCHING
   *   DISPATCHING  claimDispatch       → DISPATCHED
   *   DISPATCHING  claimDispatchInside → DISPATCHED
   *   DISPATCHED   notDispatched       → OPEN
   *   DISPATCHED   arrive              → RESUMED
   *   DISPATCHED   arriveUnmapped      → RESUMED
   *   RESUMED      starting            → RESTARTING
   *   RESTARTING   started             → OPEN
   *   RESTARTING   notStarted          → RESUMED
   *   RESTARTING   end                 → ENDED, TOLD
   *   OPEN         end                 → ENDED, TOLD
   *   DISPATCHING  end                 → ENDED, TOLD
   *   DISPATCHED   end                 → ENDED, TOLD
   *   RESUMED      end                 → ENDED, TOLD
   *   ENDED        claimTell           → TELLING
   *   ENDED        claimTellElsewhere  → TELLING
   *   TELLING      told                → TOLD
   *   TELLING      toldWhileUnread     → LINGERING
   *   LINGERING    lingered            → TOLD
   *   TOLD         claimClose          → CLOSING
   *   CLOSING      closed              → CLOSED
   * </pre>
   */
  public enum Phase {
    /** The request is not asynchronous. */
    NEW,
    /** One thread is inside the container's first startAsync. */
    STARTING,
    /** Calls may go into the container. */
    OPEN,
    /** The application wants a dispatch; calls that were inside are still coming out. */
    DISPATCHING,
    /** The container has been told to dispatch, and its thread is on its way. */
    DISPATCHED,
    /** The container's thread is in the filter again: not asynchronous, until it starts again. */
    RESUMED,
    /** One thread is inside another startAsync, after a dispatch. */
    RESTARTING,
    /** The end is decided; calls that were inside the container may still be coming out. */
    ENDED,
    /** One thread tells the application's AsyncListeners, which is before the container is told. */
    TELLING,
    /** They know; the container's objects stay for the body that has arrived and is unread. */
    LINGERING,
    /** The application's AsyncListeners know; the last call or read out closes. */
    TOLD,
    /** One thread alone touches the container for the last time. */
    CLOSING,
    /** Nothing touches the container any more. */
    CLOSED
  }

  /**
   * Who completes the ended request in the container. Every arrow; the same test compares them:
   *
   * <pre>
   *   LIBRARYS     end                 → CONTAINERS
   *   LIBRARYS     leaveToContainer    → CONTAINERS
   *   LIBRARYS     dispatchingEnded    → CONTAINERS
   *   CONTAINERS   takenBack           → OVER
   *   CONTAINERS   started             → LIBRARYS
   *   OVER         started             → LIBRARYS
   * </pre>
   */
  enum Completing {
    /** Whoever claims it from here does. */
    LIBRARYS,
    /** It does by itself, so that nobody else must. */
    CONTAINERS,
    /** It has told its last event, and gives its objects to another request. */
    OVER
  }

  /**
   * A thread that is inside the container, and those that went in before it.
   *
   * @param sends whether it may wait for the client to take what was sent
   */
  record Call(Thread thread, boolean sends, @Nullable Call below) {

    static @Nullable Call without(@Nullable Call calls, Thread thread) {
      if (calls == null) {
        throw new IllegalStateException("Not inside the container: " + thread);
      }
      return calls.thread == thread
          ? calls.below
          : new Call(calls.thread, calls.sends, without(calls.below, thread));
    }

    static boolean othersSend(@Nullable Call calls, @Nullable Thread thread) {
      for (Call call = calls; call != null; call = call.below) {
        if (call.sends && call.thread != thread) {
          return true;
        }
      }
      return false;
    }

    static boolean contains(@Nullable Call calls, Thread thread) {
      for (Call call = calls; call != null; call = call.below) {
        if (call.thread == thread) {
          return true;
        }
      }
      return false;
    }

    static boolean othersThan(@Nullable Call calls, @Nullable Thread thread) {
      for (Call call = calls; call != null; call = call.below) {
        if (call.thread != thread) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * One moment of an exchange.
   *
   * @param calls who is inside the container
   * @param reads how many reads of the request's body are; an end is decided and told without them,
   *     as they may wait for the client, and the close waits for a bounded time. {@link #UNCOUNTED}
   *     once that is over
   * @param callbacks who runs a ReadListener or WriteListener of the application's: the container
   *     would tell no other listener before that has returned
   * @param servlet the container's thread while it is in the filter's chain; to the container that
   *     is inside too, and it puts off complete and dispatch until the thread is out
   * @param answering the container's thread that is inside and not in the filter's chain: it leaves
   *     that, or has been dispatched past the filter, or answers a timeout or failure by itself;
   *     null while the servlet's is here
   * @param end set from ENDED on
   * @param completing whose the completion is
   * @param before the moment before the last call went in, if nothing else has happened since: as
   *     nothing is left of most calls, that is the moment after it as well
   */
  record State(
      Phase phase,
      @Nullable Call calls,
      int reads,
      @Nullable Call callbacks,
      @Nullable Thread servlet,
      @Nullable Thread answering,
      @Nullable End end,
      Completing completing,
      @Nullable State before) {

    /** Returns a state; most exchanges are in one that nobody is inside, and share that. */
    private static State of(
        Phase phase,
        @Nullable Call calls,
        int reads,
        @Nullable Call callbacks,
        @Nullable Thread servlet,
        @Nullable Thread answering,
        @Nullable End end,
        Completing completing) {
      boolean empty = calls == null && reads == 0 && callbacks == null;
      boolean left = servlet == null && answering == null;
      if (empty && left && end == null && completing == Completing.LIBRARYS) {
        if (phase == Phase.OPEN) {
          return OPEN;
        } else if (phase == Phase.NEW) {
          return NEW;
        }
      }
      return new State(phase, calls, reads, callbacks, servlet, answering, end, completing, null);
    }

    /** For the log: without what was before. */
    @Override
    public String toString() {
      return "phase="
          + phase
          + ", calls="
          + calls
          + ", reads="
          + reads
          + ", callbacks="
          + callbacks
          + ", servlet="
          + servlet
          + ", answering="
          + answering
          + ", end="
          + end
          + ", completing="
          + completing;
    }

    /** Whether there is a cycle whose end is not decided. */
    private boolean isLive() {
      return switch (phase) {
        case OPEN, DISPATCHING, DISPATCHED, RESUMED, RESTARTING -> true;
        case NEW, STARTING, ENDED, TELLING, LINGERING, TOLD, CLOSING, CLOSED -> false;
      };
    }

    private boolean containerCompletes() {
      return completing != Completing.LIBRARYS;
    }

    private State to(Phase next) {
      return State.of(next, calls, reads, callbacks, servlet, answering, end, completing);
    }

    private State to(Phase next, @Nullable Call inside) {
      return State.of(next, inside, reads, callbacks, servlet, answering, end, completing);
    }

    /** A thread has gone into the container. */
    private State entered(Thread thread, boolean sends) {
      Call call = new Call(thread, sends, calls);
      return new State(phase, call, reads, callbacks, servlet, answering, end, completing, this);
    }

    /** A thread has come out of the container. */
    private State exited(Thread thread) {
      return before != null && calls != null && calls.thread == thread
          ? before
          : to(phase, Call.without(calls, thread));
    }

    private State inChain(Thread thread) {
      return State.of(phase, calls, reads, callbacks, thread, null, end, completing);
    }

    private State besideChain(@Nullable Thread thread) {
      return State.of(phase, calls, reads, callbacks, null, thread, end, completing);
    }

    private State with(Completing whose) {
      return State.of(phase, calls, reads, callbacks, servlet, answering, end, whose);
    }

    /** The container's thread that has not come out; no other may close or tell before that. */
    private @Nullable Thread containersThread() {
      return servlet == null ? answering : servlet;
    }

    private State withCallbacks(@Nullable Call running) {
      return State.of(phase, calls, reads, running, servlet, answering, end, completing);
    }

    private State withReads(int inside) {
      return State.of(phase, calls, inside, callbacks, servlet, answering, end, completing);
    }

    private State ended(Phase next, @Nullable Thread answerer, End decided, Completing whose) {
      return State.of(next, calls, reads, callbacks, servlet, answerer, decided, whose);
    }

    /** The thread that has started a cycle is the servlet's, or has nothing more to do here. */
    private State started() {
      return answering == Thread.currentThread() ? besideChain(null) : this;
    }

    /** Whether the servlet, or the container that answers by itself, still may. */
    private boolean lets(End.Kind kind) {
      return switch (kind) {
        case COMPLETED -> true;
        case TIMED_OUT, FAILED -> containerCompletes();
        case DISCONNECTED, SHUT_DOWN -> false;
      };
    }

    /**
     * Questions change nothing, and are answered until the container is told of the end, or has
     * told it last. It waits for a thread that is inside.
     */
    private boolean letsAsk(Thread thread) {
      return switch (phase) {
        case ENDED, TELLING, LINGERING, TOLD ->
            completing != Completing.OVER || Call.contains(calls, thread);
        case NEW, STARTING, OPEN, DISPATCHING, DISPATCHED, RESUMED, RESTARTING, CLOSING, CLOSED ->
            lets(thread);
      };
    }

    /** What has arrived of a body is read to its end, though the client that sent it has gone. */
    private boolean letsRead(Thread thread) {
      return switch (phase) {
        case NEW, STARTING, OPEN, DISPATCHING, DISPATCHED, RESUMED, RESTARTING -> true;
        case ENDED, TELLING, LINGERING ->
            // Where the container completes by itself, it does not before the servlet is out.
            (end != null
                    && end.kind() == End.Kind.DISCONNECTED
                    && (!containerCompletes() || containersThread() != null))
                || lets(thread);
        case TOLD, CLOSING, CLOSED -> lets(thread);
      };
    }

    private boolean isHeldUp() {
      boolean waiting =
          switch (phase) {
            case DISPATCHING, ENDED, TELLING, TOLD ->
                containersThread() == null || containerCompletes();
            // What has arrived is still being read while it lingers, by the same connection.
            case NEW, STARTING, OPEN, DISPATCHED, RESUMED, RESTARTING, LINGERING, CLOSING, CLOSED ->
                false;
          };
      return waiting && Call.othersSend(calls, containersThread());
    }

    private boolean isQuiet() {
      return phase == Phase.TOLD && calls == null && containersThread() == null;
    }

    private boolean isClosable() {
      return isQuiet() && reads <= 0;
    }

    private boolean lets(Thread thread) {
      return switch (phase) {
        // On the way to the filter, a container asks the guards in what it was given to dispatch.
        case OPEN, DISPATCHED, RESUMED -> true;
        // The servlet's own thread may go on until it returns (Servlet 6.0, section 2.3.3.3).
        case DISPATCHING -> containersThread() == thread;
        case ENDED, TOLD -> containersThread() == thread && end != null && lets(end.kind());
        // What the container does while it is closed: Undertow's error page is given the guards.
        case CLOSING -> calls != null && calls.thread == thread;
        case NEW, STARTING, RESTARTING, TELLING, LINGERING, CLOSED -> false;
      };
    }
  }

  /** That reads are waited for no longer: those that are inside come out when they can. */
  private static final int UNCOUNTED = -1;

  private static final State NEW =
      new State(Phase.NEW, null, 0, null, null, null, null, Completing.LIBRARYS, null);
  private static final State OPEN =
      new State(Phase.OPEN, null, 0, null, null, null, null, Completing.LIBRARYS, null);

  private static final AtomicReferenceFieldUpdater<Lifecycle, State> STATE =
      AtomicReferenceFieldUpdater.newUpdater(Lifecycle.class, State.class, "state");

  private volatile State state;

  /** Of a request that is no thread's. */
  Lifecycle() {
    this.state = NEW;
  }

  /**
   * Of a request that the container has brought to the filter.
   *
   * @param servlet the container's thread, which calls the rest of the filter's chain
   */
  Lifecycle(Thread servlet) {
    this.state = NEW.inChain(servlet);
  }

  private boolean compareAndSet(State expected, State next) {
    return STATE.compareAndSet(this, expected, next);
  }

  /** Claims the call of startAsync. Returns true to one thread. */
  boolean starting() {
    while (true) {
      State now = state;
      State next;
      switch (now.phase) {
        case NEW -> next = now.to(Phase.STARTING);
        case RESUMED -> next = now.to(Phase.RESTARTING);
        default -> {
          return false;
        }
      }
      if (compareAndSet(now, next)) {
        return true;
      }
    }
  }

  /**
   * Whether the servlet may start another cycle though the end is decided: a dispatch has brought
   * it here, and nobody is told of the end before it has returned. The container starts it, and
   * {@link #started} makes it the library's to complete.
   */
  boolean startsEnded() {
    State now = state;
    return now.phase == Phase.ENDED
        && now.containerCompletes()
        && now.containersThread() == Thread.currentThread();
  }

  /**
   * Called by the thread that claimed {@link #starting}: the container has started. If the end was
   * decided meanwhile, that cycle is the library's to complete.
   *
   * @return false if all has been closed meanwhile: the caller has to complete that cycle
   */
  boolean started() {
    while (true) {
      State now = state;
      State next;
      switch (now.phase) {
        case STARTING, RESTARTING -> next = now.started().to(Phase.OPEN);
        case ENDED, TELLING, LINGERING, TOLD -> next = now.started().with(Completing.LIBRARYS);
        case CLOSING, CLOSED -> {
          return false;
        }
        default -> throw new IllegalStateException("started does not follow " + now);
      }
      if (compareAndSet(now, next)) {
        return true;
      }
    }
  }

  /** Called by the thread that claimed {@link #starting}: the container refused. */
  void notStarted() {
    while (true) {
      State now = state;
      State next;
      switch (now.phase) {
        case STARTING -> next = now.to(Phase.NEW);
        case RESTARTING -> next = now.to(Phase.RESUMED);
        default -> {
          requirePhase(now.end != null, "notStarted");
          return;
        }
      }
      if (compareAndSet(now, next)) {
        return;
      }
    }
  }

  /**
   * Lets the calling thread into the container; any thread, nested or beside others.
   *
   * @return false if the exchange is not open; otherwise {@link #exit} must follow
   */
  boolean enter() {
    return enter(false, false);
  }

  /** As {@link #enter}, for a call that may wait for the client to take what is sent. */
  boolean enterToSend() {
    return enter(false, true);
  }

  /** As {@link #enter}, for a call that changes nothing. */
  boolean enterToAsk() {
    return enter(true, false);
  }

  private boolean enter(boolean toAsk, boolean toSend) {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      if (!(toAsk ? now.letsAsk(thread) : now.lets(thread))) {
        return false;
      }
      if (compareAndSet(now, now.entered(thread, toSend))) {
        return true;
      }
    }
  }

  /**
   * Says that the calling thread has come out of the container.
   *
   * @return true if no call is left inside and something waits for that: the caller has to try
   *     {@link #claimDispatch} and {@link #claimClose}
   */
  boolean exit() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      State next = now.exited(thread);
      if (compareAndSet(now, next)) {
        return next.calls == null && (next.end != null || next.phase == Phase.DISPATCHING);
      }
    }
  }

  /**
   * Lets the calling thread read the request's body, or wait for it; any thread.
   *
   * @return false if that is over; otherwise {@link #exitRead} must follow
   */
  boolean enterToRead() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      if (!now.letsRead(thread)) {
        return false;
      }
      if (now.reads == UNCOUNTED || compareAndSet(now, now.withReads(now.reads + 1))) {
        return true;
      }
    }
  }

  /**
   * Says that the calling thread has come out of a read.
   *
   * @return true if that was waited for: the caller has to try {@link #claimClose}
   */
  boolean exitRead() {
    while (true) {
      State now = state;
      if (now.reads == UNCOUNTED) {
        return false;
      }
      State next = now.withReads(now.reads - 1);
      if (compareAndSet(now, next)) {
        return next.isClosable();
      }
    }
  }

  /** Whether nothing but reads of the body keeps the container's side from being closed. */
  boolean waitsForReads() {
    State now = state;
    return now.isQuiet() && now.reads > 0;
  }

  /**
   * Waits until no read is inside. For a container's own thread that is about to take its objects
   * back; a read that it is itself inside of makes it wait for all of the time.
   */
  void awaitReads(long time, TimeUnit unit) {
    long deadline = System.nanoTime() + unit.toNanos(time);
    while (state.reads > 0 && deadline - System.nanoTime() >= 0) {
      LockSupport.parkNanos(50_000);
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  /** Waits for reads no longer; once the end is decided. Any thread. */
  void abandonReads() {
    State now = state;
    while (now.end != null
        && now.phase != Phase.CLOSED
        && now.reads != UNCOUNTED
        && !compareAndSet(now, now.withReads(UNCOUNTED))) {
      now = state;
    }
  }

  /**
   * Claims the dispatch of the asynchronous request; any thread.
   *
   * @return true to one thread, which is inside now, so that nobody dispatches before it has said
   *     how: {@link #exit} must follow
   */
  boolean dispatching() {
    while (true) {
      State now = state;
      if (now.phase != Phase.OPEN) {
        return false;
      }
      Call asker = new Call(Thread.currentThread(), false, now.calls);
      if (compareAndSet(now, now.to(Phase.DISPATCHING, asker))) {
        return true;
      }
    }
  }

  /**
   * Claims the container's dispatch, which starts another thread on the same objects; any thread.
   *
   * @return true to one thread, once no call is inside
   */
  boolean claimDispatch() {
    while (true) {
      State now = state;
      if (now.phase != Phase.DISPATCHING || now.calls != null) {
        return false;
      }
      if (compareAndSet(now, now.to(Phase.DISPATCHED))) {
        return true;
      }
    }
  }

  /**
   * As {@link #claimDispatch}, for the container's thread that is inside while it runs a listener
   * that has asked for the dispatch: it stays inside.
   *
   * @return true to one thread, once no other is inside
   */
  boolean claimDispatchInside() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      boolean claims =
          now.phase == Phase.DISPATCHING
              && Call.contains(now.calls, thread)
              && !Call.othersThan(now.calls, thread);
      if (!claims) {
        return false;
      }
      if (compareAndSet(now, now.to(Phase.DISPATCHED))) {
        return true;
      }
    }
  }

  /** Called by the thread that won {@link #claimDispatch}: the container refused. */
  void notDispatched() {
    State now = state;
    while (now.phase == Phase.DISPATCHED && !compareAndSet(now, now.to(Phase.OPEN))) {
      now = state;
    }
  }

  /**
   * Called by the container's thread when a dispatch has brought it to the filter.
   *
   * @return false if the exchange has ended, or the thread is there already
   */
  boolean arrive() {
    return arrive(true);
  }

  /** As {@link #arrive}, where the filter is not mapped to the dispatch. */
  boolean arriveUnmapped() {
    return arrive(false);
  }

  private boolean arrive(boolean mapped) {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      if (now.phase != Phase.DISPATCHED) {
        return false;
      }
      State here = mapped ? now.inChain(thread) : now.besideChain(thread);
      if (compareAndSet(now, here.to(Phase.RESUMED))) {
        return true;
      }
    }
  }

  /**
   * Called by the container's thread when the filter's chain has returned. Of a request that is
   * asynchronous it is inside still, until {@link #depart}.
   */
  void leaveChain() {
    while (true) {
      State now = state;
      Thread left = now.phase == Phase.NEW ? null : now.servlet;
      if (now.servlet == null || compareAndSet(now, now.besideChain(left))) {
        return;
      }
    }
  }

  /**
   * Called by the container's thread when it leaves the filter. The caller has to try {@link
   * #claimTell}, {@link #claimDispatch} and {@link #claimClose} if the result is not OPEN.
   *
   * @return the phase that is left; RESUMED if no new cycle was started, so that the container
   *     completes by itself
   */
  Phase depart() {
    while (true) {
      State now = state;
      if (now.containersThread() == null || compareAndSet(now, now.besideChain(null))) {
        return now.phase;
      }
    }
  }

  /**
   * Decides the end; any thread.
   *
   * @return true if this call decided it: the caller has to publish the end and to see that {@link
   *     #claimTell} and {@link #claimClose} are tried
   */
  boolean end(End end) {
    return end(end, false);
  }

  /**
   * Decides the end; see {@link #end(End)}.
   *
   * @param containerCompletes whether the container completes by itself, and the calling thread is
   *     its own
   */
  boolean end(End end, boolean containerCompletes) {
    while (true) {
      State now = state;
      boolean itself =
          switch (now.phase) {
            case OPEN, DISPATCHING -> containerCompletes;
            case DISPATCHED, RESUMED, RESTARTING -> true;
            case NEW, STARTING, ENDED, TELLING, LINGERING, TOLD, CLOSING, CLOSED -> false;
          };
      if (!now.isLive()) {
        return false;
      }
      // Of the application's own completion its listeners hear from the container.
      Phase next = end.kind() == End.Kind.COMPLETED ? Phase.TOLD : Phase.ENDED;
      Thread answering =
          now.containersThread() == null && containerCompletes && next == Phase.ENDED
              ? Thread.currentThread()
              : now.answering;
      if (compareAndSet(
          now,
          now.ended(next, answering, end, itself ? Completing.CONTAINERS : Completing.LIBRARYS))) {
        return true;
      }
    }
  }

  /** Notes that the container completes by itself after all; once the end is decided. */
  void leaveToContainer() {
    State now = state;
    while (now.end != null
        && now.phase != Phase.CLOSED
        && !now.containerCompletes()
        && !compareAndSet(now, now.with(Completing.CONTAINERS))) {
      now = state;
    }
  }

  /**
   * Notes that the container completes by itself, and that its thread is about to go back from the
   * last that it tells: nobody asks its objects any more. Whoever is inside is still to come out;
   * see {@link #awaitQuiet}.
   */
  void takenBack() {
    State now = state;
    while (now.end != null
        && now.phase != Phase.CLOSED
        && now.completing == Completing.CONTAINERS
        && !compareAndSet(now, now.with(Completing.OVER))) {
      now = state;
    }
  }

  /**
   * Claims a dispatch for a listener of the container's, in which the client has left: the
   * container carries it out once the listener has returned, and completes by itself after it.
   *
   * @return false unless the end is decided and the calling thread is inside the container
   */
  boolean dispatchingEnded() {
    while (true) {
      State now = state;
      boolean claims =
          switch (now.phase) {
            case ENDED, TELLING, LINGERING, TOLD ->
                Call.contains(now.calls, Thread.currentThread()) && !now.containerCompletes();
            case NEW,
                STARTING,
                OPEN,
                DISPATCHING,
                DISPATCHED,
                RESUMED,
                RESTARTING,
                CLOSING,
                CLOSED ->
                false;
          };
      if (!claims) {
        return false;
      }
      if (compareAndSet(now, now.with(Completing.CONTAINERS))) {
        return true;
      }
    }
  }

  /**
   * Notes that the calling thread, the container's, runs a ReadListener or WriteListener of the
   * application's: nobody is told of an end before that has returned.
   *
   * @return false if the application is being told of the end, or has been; otherwise {@link
   *     #exitCallback} must follow
   */
  boolean enterCallback() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      boolean lets =
          switch (now.phase) {
            case NEW,
                STARTING,
                OPEN,
                DISPATCHING,
                DISPATCHED,
                RESUMED,
                RESTARTING,
                ENDED,
                LINGERING ->
                true;
            case TELLING, TOLD, CLOSING, CLOSED -> false;
          };
      if (!lets) {
        return false;
      }
      if (compareAndSet(now, now.withCallbacks(new Call(thread, false, now.callbacks)))) {
        return true;
      }
    }
  }

  /**
   * Says that the callback has returned.
   *
   * @return true if an end was decided meanwhile: the caller has to see that {@link #claimTell} is
   *     tried, and {@link #lingered} if the callback was the last
   */
  boolean exitCallback() {
    Thread thread = Thread.currentThread();
    while (true) {
      State now = state;
      State next = now.withCallbacks(Call.without(now.callbacks, thread));
      if (compareAndSet(now, next)) {
        return next.callbacks == null
            && (next.phase == Phase.ENDED || next.phase == Phase.LINGERING);
      }
    }
  }

  /**
   * Claims to tell the application's AsyncListeners of the end; any thread.
   *
   * @return the end if this thread has to tell them now and to call {@link #told} afterwards; null
   *     if another thread does, or the servlet or a callback of another thread has not returned:
   *     the container would not tell listeners before that either
   */
  @Nullable End claimTell() {
    return claimTell(Thread.currentThread());
  }

  /**
   * As {@link #claimTell}, for listeners that another thread is to tell: a callback of the calling
   * thread has to return first as well.
   */
  @Nullable End claimTellElsewhere() {
    return claimTell(null);
  }

  private @Nullable End claimTell(@Nullable Thread teller) {
    while (true) {
      State now = state;
      boolean busy = now.containersThread() != null || Call.othersThan(now.callbacks, teller);
      if (now.phase != Phase.ENDED || busy) {
        return null;
      }
      if (compareAndSet(now, now.to(Phase.TELLING))) {
        return now.end;
      }
    }
  }

  /** Called by the thread that won {@link #claimTell}, when it has told them. */
  void told() {
    told(Phase.TOLD);
  }

  /**
   * As {@link #told}, where the request's body has not been read to its end: the container's side
   * stays open until {@link #lingered}.
   */
  void toldWhileUnread() {
    told(Phase.LINGERING);
  }

  private void told(Phase next) {
    while (true) {
      State now = state;
      requirePhase(now.phase == Phase.TELLING, "told");
      if (compareAndSet(now, now.to(next))) {
        return;
      }
    }
  }

  /**
   * Waits until nobody is being told of the end. For a callback that must not overlap with that.
   */
  void awaitTold(long time, TimeUnit unit) {
    long deadline = System.nanoTime() + unit.toNanos(time);
    while (state.phase == Phase.TELLING && deadline - System.nanoTime() >= 0) {
      LockSupport.parkNanos(50_000);
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  /** Whether it is open, and a call is inside that may wait for the client. */
  boolean isSending() {
    State now = state;
    return now.phase == Phase.OPEN && Call.othersSend(now.calls, null);
  }

  /** Whether a call of another thread is inside that may wait for the client. */
  boolean isSendingElsewhere() {
    return Call.othersSend(state.calls, Thread.currentThread());
  }

  /**
   * Whether an end or a dispatch waits for a call that may wait for the client, and for ever. What
   * the servlet's own thread still sends is no such call: the container waits for that as well.
   */
  boolean isHeldUp() {
    return state.isHeldUp();
  }

  /**
   * Lets the calling thread in to fail what an end waits for; any thread. It is inside meanwhile,
   * so that nobody closes, and what fails is no other request's.
   *
   * @return false if no end is held up; otherwise {@link #exit} must follow
   */
  boolean enterToFail() {
    while (true) {
      State now = state;
      if (now.end == null || !now.isHeldUp()) {
        return false;
      }
      if (compareAndSet(now, now.entered(Thread.currentThread(), false))) {
        return true;
      }
    }
  }

  /**
   * Says that nobody needs the request any more; any thread.
   *
   * @return true to one thread, if the container's side was kept for that: it has to see that
   *     {@link #claimClose} is tried
   */
  boolean lingered() {
    while (true) {
      State now = state;
      if (now.phase != Phase.LINGERING) {
        return false;
      }
      if (compareAndSet(now, now.to(Phase.TOLD))) {
        return true;
      }
    }
  }

  /** Whether {@link #claimClose} would succeed at this moment. */
  boolean isClosable() {
    return state.isClosable();
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
      if (!now.isClosable()) {
        return null;
      }
      Call closer = new Call(Thread.currentThread(), false, null);
      if (compareAndSet(now, now.to(Phase.CLOSING, closer))) {
        return now.end;
      }
    }
  }

  /** Called by the thread that won {@link #claimClose}, when it has closed the container's side. */
  void closed() {
    while (true) {
      State now = state;
      requirePhase(now.phase == Phase.CLOSING, "closed");
      if (compareAndSet(now, now.to(Phase.CLOSED, null))) {
        return;
      }
    }
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
    // With an interrupt pending, no park would wait.
    boolean interrupted = Thread.interrupted();
    boolean quiet = isQuietFor(thread);
    while (!quiet && deadline - System.nanoTime() >= 0) {
      LockSupport.parkNanos(50_000);
      interrupted |= Thread.interrupted();
      quiet = isQuietFor(thread);
    }
    if (interrupted) {
      thread.interrupt();
    }
    return quiet;
  }

  private boolean isQuietFor(Thread thread) {
    return !Call.othersThan(state.calls, thread);
  }

  /** Whether the request is not asynchronous and never was. */
  boolean isNew() {
    return state.phase == Phase.NEW;
  }

  /**
   * Whether calls go straight to the container, uncounted: the request is not asynchronous, or one
   * thread is just making it so. One volatile read.
   */
  boolean isFree() {
    Phase phase = state.phase;
    return phase == Phase.NEW || isStarting(phase);
  }

  /** Whether one thread is inside the container's startAsync. */
  boolean isStarting() {
    return isStarting(state.phase);
  }

  private static boolean isStarting(Phase phase) {
    return phase == Phase.STARTING || phase == Phase.RESTARTING;
  }

  boolean isOpen() {
    return state.phase == Phase.OPEN;
  }

  /** The container's thread that is in the filter's chain, if any: it sends nothing yet. */
  @Nullable Thread servlet() {
    return state.servlet;
  }

  /** Whether the calling thread is the container's, and in the filter's chain. */
  boolean isServlet() {
    return state.servlet == Thread.currentThread();
  }

  /** Whether the calling thread is the container's, in the filter or answering by itself. */
  boolean isContainersThread() {
    return state.containersThread() == Thread.currentThread();
  }

  /** Whether {@link #enter} would let the calling thread in at this moment. */
  boolean lets() {
    return state.lets(Thread.currentThread());
  }

  /** Returns the phase of this moment, for decisions that a transition confirms. */
  public Phase phase() {
    return state.phase;
  }

  /** Whether the container completes the ended exchange by itself. */
  boolean containerCompletes() {
    return state.containerCompletes();
  }

  /** Returns the end once it is decided. */
  public @Nullable End decidedEnd() {
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
