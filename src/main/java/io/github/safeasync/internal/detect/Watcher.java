package io.github.safeasync.internal.detect;

import io.github.safeasync.internal.FlightRecords;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

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
  private final Supplier<Mechanisms> trial;
  private final Roster roster = new Roster(this::survived);
  private volatile Selector selector;
  private final CopyOnWriteArrayList<WatchQueue> queues = new CopyOnWriteArrayList<>();
  private long lastNewWatch = System.nanoTime();
  private long nextDue;
  private boolean warned;

  /**
   * Makes one, for a thread to run.
   *
   * @param trial finds out what works here, which takes its time
   */
  Watcher(Supplier<Mechanisms> trial) throws IOException {
    this.trial = trial;
    this.selector = Selector.open();
    this.mailbox = new Mailbox(selector);
  }

  /** Called from any thread. */
  void serve(WatchQueue queue) {
    queues.add(queue);
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
      Mechanisms found = trial.get();
      while (!mailbox.isStopped()) {
        serveWith(found);
      }
    } catch (Throwable e) {
      LOGGER.log(Level.INFO, "Watching for disconnects could not begin: " + e);
    } finally {
      mailbox.stop();
      close(selector);
      mechanisms.complete(Mechanisms.none("the watcher could not be started"));
      queues.forEach(WatchQueue::watcherEnded);
    }
  }

  /** Until it is stopped, or selecting fails. */
  private void serveWith(Mechanisms found) throws IOException {
    try (WatchLoop post = WatchLoop.open(selector, found, mailbox, roster, this::survived)) {
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

  private void turn(WatchLoop post) throws IOException {
    long now = System.nanoTime();
    Object busy = FlightRecords.turnBegins();
    nextDue = now;
    step(() -> nextDue = arm(post, now));
    step(() -> takeLeave(post));
    step(post::look);
    FlightRecords.turnEnds(busy, keys());
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
      LOGGER.log(level, "Watching for disconnects: what failed is done again", failure);
      warned = true;
    } catch (Throwable unsaid) {
      warned = false;
    }
  }

  /** Returns when the next watch is due. */
  private long arm(WatchLoop post, long now) {
    int armed = 0;
    long next = now + Suspects.LONG;
    for (WatchQueue queue : queues) {
      ExchangeWatch watch;
      while ((watch = queue.pending.peek()) != null && watch.due - now <= 0) {
        if (armed++ == ARMED_A_TURN) {
          return now;
        }
        lastNewWatch = now;
        queue.pending.poll();
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

  private void takeLeave(WatchLoop post) {
    post.takeReleased();
    mailbox.takeNudged(post::lookClosely);
    mailbox.takeLeaving(
        queue -> {
          queues.remove(queue);
          post.forget(queue);
        });
  }

  private void sleep(WatchLoop post, long nextDue) throws IOException {
    long now = System.nanoTime();
    mailbox.sleepUntil(now + Suspects.LONG);
    long look = post.nextLook(now + Suspects.LONG);
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
    long next = Suspects.LONG;
    for (WatchQueue queue : queues) {
      ExchangeWatch watch = queue.pending.peek();
      if (watch != null) {
        next = Math.min(next, watch.due - now);
      }
    }
    return next;
  }

  private long shortestGrace() {
    long shortest = LINGER_NANOS;
    for (WatchQueue queue : queues) {
      shortest = Math.min(shortest, queue.graceNanos);
    }
    return Math.max(shortest, 5 * MILLI);
  }
}
