package io.github.safeasync.internal.detect;

import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * What other threads leave for the watcher, and how they wake it no more often than is needed.
 *
 * <p>The watcher publishes when it will wake by itself ({@link #sleepUntil}) and only then looks
 * once more whether anything was left ({@link #isEmpty}); another thread first leaves its message
 * and only then reads that time. All four are volatile accesses, so at least one of the two sees
 * the other's. While the watcher is awake its time lies in the past, and nobody wakes it.
 */
final class Mailbox {

  private volatile Selector selector;
  private final Queue<ExchangeWatch> released = new ConcurrentLinkedQueue<>();
  private final Queue<ExchangeWatch> nudged = new ConcurrentLinkedQueue<>();
  private final Queue<WatchQueue> leaving = new ConcurrentLinkedQueue<>();
  private volatile long sleepingUntil = System.nanoTime();
  private volatile boolean stopped;

  Mailbox(Selector selector) {
    this.selector = selector;
  }

  /** Called by the watcher: it sleeps in another one from now on. */
  void wakes(Selector other) {
    selector = other;
  }

  /** Called from any thread: the exchange of an armed watch has ended. */
  void released(ExchangeWatch watch) {
    if (!stopped) {
      released.add(watch);
      wakeBefore(System.nanoTime());
    }
  }

  /** Called from any thread: a suspected connection was written to. */
  void nudge(ExchangeWatch watch) {
    if (!stopped) {
      nudged.add(watch);
      wakeBefore(System.nanoTime());
    }
  }

  /** Called from any thread: a detector is closed. */
  void leave(WatchQueue queue) {
    leaving.add(queue);
    wakeBefore(System.nanoTime());
  }

  /** Called from any thread. */
  void stop() {
    stopped = true;
    selector.wakeup();
  }

  /** Called from any thread: wakes the watcher if it would sleep beyond that time. */
  void wakeBefore(long time) {
    if (sleepingUntil - time > 0) {
      selector.wakeup();
    }
  }

  boolean isStopped() {
    return stopped;
  }

  void sleepUntil(long time) {
    sleepingUntil = time;
  }

  void awake() {
    sleepingUntil = System.nanoTime();
  }

  boolean isEmpty() {
    return released.isEmpty() && nudged.isEmpty() && leaving.isEmpty() && !stopped;
  }

  /** Called by the watcher, as the next two: takes all, and what fails comes again. */
  void takeReleased(Consumer<? super ExchangeWatch> step) {
    takeAll(released, step);
  }

  boolean hasReleased() {
    return !released.isEmpty();
  }

  void takeNudged(Consumer<? super ExchangeWatch> step) {
    takeAll(nudged, step);
  }

  void takeLeaving(Consumer<? super WatchQueue> step) {
    takeAll(leaving, step);
  }

  private static <T> void takeAll(Queue<T> from, Consumer<? super T> step) {
    for (T next; (next = from.poll()) != null; ) {
      boolean done = false;
      try {
        step.accept(next);
        done = true;
      } finally {
        if (!done) {
          from.add(next);
        }
      }
    }
  }
}
