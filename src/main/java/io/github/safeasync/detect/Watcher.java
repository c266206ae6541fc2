package io.github.safeasync.detect;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * The one thread that watches, for all detectors of a class loader. It ends when it is stopped, and
 * by nothing that is thrown in it: a step that failed is made again, and where selecting itself
 * fails all that it looks with is replaced.
 *
 * <p>One turn: arm what has outlived its grace period, take leave of what was released, look at
 * what is suspect, tell of what has gone, sleep. Everything but {@link #mailbox} and {@link
 * #mechanisms} belongs to this thread.
 */
final class Watcher implements Runnable {

  /** Longer than anything waited for, yet far from overflow in differences of System.nanoTime(). */
  static final long LONG = Long.MAX_VALUE / 4;

  private static final Logger LOGGER = System.getLogger(Watcher.class.getPackageName());

  /**
   * A channel that the container closes under us keeps its descriptor, and an abort its RST, until
   * our next selection: so there is one at least this often as long as there are keys.
   */
  private static final long BACKSTOP_NANOS = 50_000_000;

  /** After the last new watch it wakes by itself for a while, so that the next need not wake it. */
  private static final long LINGER_NANOS = 1_000_000_000;

  private static final long MILLI = 1_000_000;
  private static final int ARMED_A_TURN = 512;

  /** Between the failure of all and the next beginning. */
  private static final long PAUSE_NANOS = 100 * MILLI;

  /** A step of a turn. */
  private interface Step {
    void make() throws IOException;
  }

  final Mailbox mailbox;
  final CompletableFuture<Mechanisms> mechanisms = new CompletableFuture<>();
  private final Roster roster = new Roster(this::survived);
  private volatile Selector selector;
  private final CopyOnWriteArrayList<Detector> detectors = new CopyOnWriteArrayList<>();
  private long lastNewWatch = System.nanoTime();
  private long nextDue;
  private boolean warned;

  Watcher() throws IOException {
    this.selector = Selector.open();
    this.mailbox = new Mailbox(selector);
  }

  /** Called from any thread. */
  void serve(Detector detector) {
    detectors.add(detector);
  }

  /** Selector keys held, cancelled ones included that no selection has taken off yet. */
  int keys() {
    return selector.isOpen() ? selector.keys().size() : 0;
  }

  /** For tests. */
  Selector selector() {
    return selector;
  }

  @Override
  public void run() {
    try {
      Mechanisms found = Watchers.mechanisms();
      while (!mailbox.isStopped()) {
        serveWith(found);
      }
    } catch (Throwable e) {
      LOGGER.log(Level.INFO, "Watching for hang-ups could not begin: " + e);
    } finally {
      mailbox.stop();
      close(selector);
      mechanisms.complete(Mechanisms.none("the watcher could not be started"));
      detectors.forEach(Detector::watcherEnded);
    }
  }

  /** Until it is stopped, or selecting fails. */
  private void serveWith(Mechanisms found) throws IOException {
    try (Post post = Post.open(selector, found, mailbox, roster, this::survived)) {
      mechanisms.complete(found);
      while (!mailbox.isStopped()) {
        turn(post);
      }
    } catch (Throwable failure) {
      if (!mechanisms.isDone()) {
        throw failure;
      }
      survived(failure);
      beginAnew();
    }
  }

  private void beginAnew() {
    LockSupport.parkNanos(PAUSE_NANOS);
    try {
      Selector other = Selector.open();
      Selector failed = selector;
      selector = other;
      mailbox.wakes(other);
      close(failed);
    } catch (Throwable again) {
      survived(again);
    }
  }

  private static void close(Selector of) {
    try {
      of.close();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "A selector could not be closed: " + e);
    }
  }

  private void turn(Post post) throws IOException {
    long now = System.nanoTime();
    nextDue = now;
    step(() -> nextDue = arm(post, now));
    step(() -> takeLeave(post));
    step(post::look);
    step(() -> sleep(post, nextDue));
  }

  /** What fails here is not of the others' making: their watches go on. */
  private void step(Step step) throws IOException {
    try {
      step.make();
    } catch (IOException | ClosedSelectorException e) {
      throw e;
    } catch (Throwable e) {
      survived(e);
      LockSupport.parkNanos(MILLI);
    }
  }

  /** Says it once; where there is no memory to say so, the next time. */
  private void survived(Throwable failure) {
    try {
      Level level = warned ? Level.DEBUG : Level.WARNING;
      LOGGER.log(level, "Watching for hang-ups: what failed is done again", failure);
      warned = true;
    } catch (Throwable unsaid) {
      warned = false;
    }
  }

  /** Answers when the next watch is due. */
  private long arm(Post post, long now) {
    int armed = 0;
    long next = now + LONG;
    for (Detector detector : detectors) {
      ExchangeWatch watch;
      while ((watch = detector.pending.peek()) != null && watch.due - now <= 0) {
        if (armed++ == ARMED_A_TURN) {
          return now;
        }
        lastNewWatch = now;
        detector.pending.poll();
        if (watch.state() == WatchState.PENDING) {
          post.arm(watch, now);
        }
      }
      if (watch != null && watch.due - next < 0) {
        next = watch.due;
      }
    }
    return next;
  }

  private void takeLeave(Post post) {
    post.takeReleased();
    ExchangeWatch watch;
    while ((watch = mailbox.nextNudged()) != null) {
      post.lookClosely(watch);
    }
    Detector detector;
    while ((detector = mailbox.nextLeaving()) != null) {
      boolean done = false;
      try {
        detectors.remove(detector);
        post.forget(detector);
        done = true;
      } finally {
        if (!done) {
          mailbox.leave(detector);
        }
      }
    }
  }

  private void sleep(Post post, long nextDue) throws IOException {
    long now = System.nanoTime();
    mailbox.sleepUntil(now + LONG);
    long look = post.nextLook(now + LONG);
    long until = Math.min(nextDue - now, nextPending(now));
    if (!selector.keys().isEmpty()) {
      until = Math.min(until, BACKSTOP_NANOS);
    }
    if (now - lastNewWatch < LINGER_NANOS) {
      until = Math.min(until, shortestGrace());
    }
    boolean lookFirst = look - now <= until;
    until = Math.min(until, look - now);
    mailbox.sleepUntil(now + until);
    if (until <= 0 || !mailbox.isEmpty()) {
      selector.selectNow(post.onReady);
    } else if (until < MILLI) {
      selector.selectNow(post.onReady);
      LockSupport.parkNanos(until);
    } else {
      selector.select(post.onReady, lookFirst ? until / MILLI : (until + MILLI - 1) / MILLI);
    }
    mailbox.awake();
    if (Thread.interrupted()) {
      LOGGER.log(Level.DEBUG, "The watcher was interrupted and goes on");
    }
  }

  /** Nanoseconds until a watch is due that came after this turn's look at the queues. */
  private long nextPending(long now) {
    long next = LONG;
    for (Detector detector : detectors) {
      ExchangeWatch watch = detector.pending.peek();
      if (watch != null) {
        next = Math.min(next, watch.due - now);
      }
    }
    return next;
  }

  private long shortestGrace() {
    long shortest = LINGER_NANOS;
    for (Detector detector : detectors) {
      shortest = Math.min(shortest, detector.graceNanos);
    }
    return Math.max(shortest, 5 * MILLI);
  }

  static void warnOfListener(Throwable failure) {
    LOGGER.log(Level.WARNING, "A listener for hang-ups failed", failure);
  }
}
