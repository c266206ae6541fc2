package io.github.safeasync.chaos;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** When late things happen. */
final class Late {

  static final int PATIENCE_MILLIS = 20_000;

  /** Long after the end, for a storm: its connection serves other requests by then. */
  private static final int SPREAD_MILLIS = 500;

  private Late() {}

  static int millis(Plan plan) {
    return 1 + plan.cut() % SPREAD_MILLIS;
  }

  /** What a listener does that waits for something. */
  static void block(Entry entry) {
    if (entry.plan().behaviour() == Behaviour.BLOCKS) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(entry.plan().clientMillis()));
    }
  }
}
