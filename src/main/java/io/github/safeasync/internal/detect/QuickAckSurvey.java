package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Sees the {@link QuickAcks} of encrypted connections on before they may go off, as only the change
 * tells anything. Belongs to the watcher's thread.
 */
final class QuickAckSurvey {

  /** A request that is not answered meanwhile has been acknowledged by itself then, or soon. */
  private static final long STEP_NANOS = 30_000_000;

  private static final int MOST = 6;

  private final Queue<ExchangeWatch> waiting = new ArrayDeque<>();

  void add(ExchangeWatch watch, long now) {
    watch.askAt = now + STEP_NANOS;
    waiting.add(watch);
  }

  /** System.nanoTime() of the next question, or that time if there is none. */
  long nextAt(long otherwise) {
    ExchangeWatch first = waiting.peek();
    return first == null || first.askAt - otherwise > 0 ? otherwise : first.askAt;
  }

  void run(long now) {
    ExchangeWatch watch;
    while ((watch = waiting.peek()) != null && watch.askAt - now <= 0) {
      waiting.remove();
      if (watch.state() == WatchState.ARMED && !ask(watch) && ++watch.asked < MOST) {
        add(watch, now);
      }
    }
  }

  private static boolean ask(ExchangeWatch watch) {
    WatchedConnection watched = watch.watched;
    try {
      watch.quick =
          watched != null
              && watched.channel != null
              && watch.isAtRest()
              && QuickAcks.areOn(watched.channel);
    } catch (IOException | RuntimeException | LinkageError e) {
      // Closed meanwhile: the next look will tell.
      return true;
    }
    return watch.quick;
  }
}
