package io.github.safeasync.detect;

import java.util.Arrays;

/**
 * Keeps the time spent on something under a share of all time by telling when the next may be
 * spent. What was not spent for a while may be spent at once, up to a limit.
 *
 * <p>Time is read off the wall: what a thread that was preempted did not use must not count. So the
 * price of one unit is among the lowest of the last few measured.
 */
final class Budget {

  private static final int SAMPLES = 8;

  /** A machine so busy, or a table so large, that the share cannot be kept: it is let slip. */
  private static final long LONGEST_PAUSE_NANOS = 10_000_000_000L;

  private final long divisor;
  private final long burstNanos;
  private final long[] prices = new long[SAMPLES];
  private int sample;
  private long nextAt;
  private boolean used;

  /**
   * Makes one.
   *
   * @param divisor one nanosecond of how many may be spent
   * @param burstNanos how much of the past may be made up for
   * @param price of one unit in nanoseconds, as measured before
   */
  Budget(int divisor, long burstNanos, long price) {
    this.divisor = divisor;
    this.burstNanos = burstNanos;
    Arrays.fill(prices, price);
  }

  boolean allows(long now) {
    return !used || now - nextAt >= 0;
  }

  /** When it allows something again, if it does not now. */
  long nextAt() {
    return nextAt;
  }

  void spent(long nanos, int units, long now) {
    prices[sample++ % SAMPLES] = nanos / units;
    long[] sorted = prices.clone();
    Arrays.sort(sorted);
    long price = sorted[SAMPLES / 4];
    long earliest = now - burstNanos;
    if (!used || earliest - nextAt > 0) {
      nextAt = earliest;
      used = true;
    }
    nextAt = Math.min(nextAt + price * units * divisor, now + LONGEST_PAUSE_NANOS);
  }
}
