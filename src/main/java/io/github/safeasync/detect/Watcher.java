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
 * The one thread that watches, for all detectors of a class loader.
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

  final Mailbox mailbox;
  final CompletableFuture<Mechanisms> mechanisms = new CompletableFuture<>();
  private final Selector selector;
  private final CopyOnWriteArrayList<Detector> detectors = new CopyOnWriteArrayList<>();
  private long lastNewWatch = System.nanoTime();

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

  @Override
  public void run() {
    try (Selector own = selector) {
      Mechanisms found = Watchers.mechanisms();
      try (Post post = Post.open(own, found, mailbox)) {
        mechanisms.complete(found);
        while (!mailbox.isStopped()) {
          turn(post);
        }
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      LOGGER.log(Level.INFO, "Watching for hang-ups has ended early: " + e);
    } finally {
      mailbox.stop();
      mechanisms.complete(Mechanisms.none("the watcher could not be started"));
      detectors.forEach(Detector::watcherEnded);
    }
  }

  private void turn(Post post) throws IOException {
    try {
      long now = System.nanoTime();
      long nextDue = arm(post, now);
      takeLeave(post);
      post.look();
      sleep(post, nextDue);
    } catch (ClosedSelectorException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      // The others' watches must go on; what failed here is not of their making.
      LOGGER.log(Level.WARNING, "Watching for hang-ups: one turn failed", e);
      LockSupport.parkNanos(MILLI);
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
      detectors.remove(detector);
      post.forget(detector);
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
