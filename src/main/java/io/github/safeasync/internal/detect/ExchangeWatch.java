package io.github.safeasync.internal.detect;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The watch on one exchange. {@link #state} decides every race; all other fields that change belong
 * to the watcher's thread unless they say otherwise.
 */
final class ExchangeWatch implements HangUpWatch {

  private static final AtomicReferenceFieldUpdater<ExchangeWatch, WatchState> STATE =
      AtomicReferenceFieldUpdater.newUpdater(ExchangeWatch.class, WatchState.class, "state");

  final WatchQueue queue;
  private final Mailbox mailbox;

  /** System.nanoTime() at which the grace period is over. */
  final long due;

  /** Read by the watcher while PENDING or ARMED; cleared by whoever ends the watch. */
  private volatile @Nullable Origin origin;

  private volatile @Nullable HangUpListener gone;
  private volatile WatchState state = WatchState.PENDING;
  private volatile Detection detection;

  /** Written by any thread, read by the watcher. */
  private volatile boolean bodyRead;

  /** Written by the watcher: a FIN has come that this watch's policy does not take as proof. */
  volatile boolean suspected;

  /** Whether it is in the {@link Roster}, with its neighbours there. */
  boolean armed;

  @Nullable ExchangeWatch before;
  @Nullable ExchangeWatch after;

  /** System.nanoTime() of the first moment at which its departure could have been seen. */
  long since;

  /** What could not be handed over, and how often that was tried. */
  @Nullable Departure departure;

  int tries;

  /** Whether its connection's {@link QuickAcks} were seen on, how often and when they are asked. */
  boolean quick;

  int asked;
  long askAt;

  @Nullable WatchedConnection watched;
  @Nullable ExchangeWatch nextOnConnection;
  @Nullable BooleanSupplier streamOpen;
  int streamIndex = -1;
  boolean streamSuspected;

  /** Has the container tell of the stream's reset no more. */
  @Nullable Runnable untold;

  /** System.nanoTime() at which the container told of it, on a thread of its own; 0 before. */
  private volatile long resetAt;

  ExchangeWatch(
      WatchQueue queue,
      Mailbox mailbox,
      @Nullable Origin origin,
      HangUpListener gone,
      Detection expected,
      long due) {
    this.queue = queue;
    this.mailbox = mailbox;
    this.origin = origin;
    this.gone = gone;
    this.detection = expected;
    this.due = due;
  }

  @Override
  public Detection detection() {
    return detection;
  }

  @Override
  public void bodyRead() {
    bodyRead = true;
  }

  boolean isBodyRead() {
    return bodyRead;
  }

  /** Whether nothing was sent since the {@link QuickAcks} were last seen. */
  boolean isUnanswered() {
    return origin instanceof Origin.Reached reached && reached.connection().isUnanswered();
  }

  /** Whether the container reads nothing of the connection now, in which case it is not over. */
  boolean isAtRest() {
    return bodyRead
        && origin instanceof Origin.Reached reached
        && reached.connection().isAtRest()
        && state == WatchState.ARMED;
  }

  @Override
  public void written() {
    if (suspected && state == WatchState.ARMED) {
      mailbox.nudge(this);
    }
  }

  @Override
  public void release() {
    WatchState before = state;
    while (before != WatchState.RELEASED && before != WatchState.GONE) {
      if (STATE.compareAndSet(this, before, WatchState.RELEASED)) {
        forget();
        if (before == WatchState.ARMED) {
          mailbox.released(this);
        }
        return;
      }
      before = state;
    }
  }

  /** Called by the container's I/O thread: the client has reset the stream. */
  void streamReset() {
    if (resetAt == 0) {
      resetAt = System.nanoTime() | 1;
      mailbox.nudge(this);
    }
  }

  /** Called by the watcher: the container need not tell of its reset any more. */
  void withdraw() {
    Runnable own = untold;
    if (own != null) {
      untold = null;
      own.run();
    }
  }

  /** System.nanoTime() at which the container has told of the stream's reset, or 0. */
  long resetAt() {
    return resetAt;
  }

  WatchState state() {
    return state;
  }

  /** Where the exchange came from; null once it has ended. */
  @Nullable Origin origin() {
    return origin;
  }

  /** Called by the watcher. Returns false if the exchange has ended meanwhile. */
  boolean arm(Detection how) {
    detection = how;
    return STATE.compareAndSet(this, WatchState.PENDING, WatchState.ARMED);
  }

  /** Called by the watcher: its connection is closed on this side and will not tell any more. */
  void unwatched() {
    detection = Detection.ON_WRITE;
  }

  /** Called by the watcher, for one that is polled: whether the table shows its connection. */
  void polled(boolean inTable) {
    queue.polled();
    detection = inTable || streamOpen != null ? Detection.POLL : Detection.ON_WRITE;
  }

  /** Called by the watcher. */
  void giveUp() {
    detection = Detection.ON_WRITE;
    if (STATE.compareAndSet(this, WatchState.PENDING, WatchState.UNWATCHED)) {
      origin = null;
    }
  }

  /** Called by the watcher: its connection is selected, or polled, in another way from now on. */
  void rearm(Detection how) {
    detection = how;
  }

  /** Called by the watcher. Returns true, once, if the listener is to be told. */
  boolean depart() {
    boolean departs = STATE.compareAndSet(this, WatchState.ARMED, WatchState.GONE);
    if (departs) {
      origin = null;
    }
    return departs;
  }

  /** Called by the watcher, again after an Error; the exchange takes the first for its end. */
  void tell(Departure how) {
    HangUpListener listener = gone;
    if (listener != null) {
      listener.gone(how, since);
      gone = null;
    }
  }

  private void forget() {
    origin = null;
    gone = null;
  }
}
