package io.github.safeasync.internal.detect;

/**
 * Keeps the time spent on something under a share of all time by telling when the next may be
 * spent. What was not spent for a while may be spent at once, up to a limit.
 *
 * <p>What a preempted thread did not use must not count. Where only the time of day was measured,
 * the price of one unit is therefore the lowest of the last few, else their mean.
 */
final class Budget {

  private static final int SAMPLES = 16;

  private final long divisor;
  private final long burstNanos;
  private final long longestPauseNanos;
  private final boolean ownTime;
  private final long[] prices = new long[SAMPLES];
  private int samples = 1;
  private long nextAt;
  private boolean used;

  /**
   * Makes one.
   *
   * @param divisor one nanosecond of how many may be spent
   * @param burstNanos how much of the past may be made up for
   * @param longestPauseNanos after which the share is let slip: a machine is so busy, or what is
   *     looked at so much, that it cannot be kept
   * @param price of one unit in nanoseconds, as measured before
   * @param ownTime whether the thread's own time is measured, and not the time of day
   */
  Budget(int divisor, long burstNanos, long longestPauseNanos, long price, boolean ownTime) {
    this.divisor = divisor;
    this.burstNanos = burstNanos;
    this.longestPauseNanos = longestPauseNanos;
    this.ownTime = ownTime;
    prices[0] = price;
  }

  boolean allows(long now) {
    return !used || now - nextAt >= 0;
  }

  /** When it allows something: now, or later. */
  long mayAt(long now) {
    return allows(now) ? now : nextAt;
  }

  /** When it allows something again, if it does not now. */
  long nextAt() {
    return nextAt;
  }

  void spent(long nanos, int units, long now) {
    prices[samples++ % SAMPLES] = nanos / units;
    long earliest = now - burstNanos;
    if (!used || earliest - nextAt > 0) {
      nextAt = earliest;
      used = true;
    }
    nextAt = Math.min(nextAt + price() * units * divisor, now + longestPauseNanos);
  }

  /** What one unit has cost of late. */
  long price() {
    int known = Math.min(samples, SAMPLES);
    long lowest = Long.MAX_VALUE;
    long sum = 0;
    for (int i = 0; i < known; i++) {
      lowest = Math.min(lowest, prices[i]);
      sum += prices[i];
    }
    return ownTime ? sum / known : lowest;
  }
}
