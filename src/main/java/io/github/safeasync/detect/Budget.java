package io.github.safeasync.detect;

/**
 * Keeps the time spent on something under a share of all time by telling when the next may be
 * spent. What was not spent for a while may be spent at once, up to a limit.
 */
final class Budget {

  private final long perNano;
  private final long burstNanos;
  private long nextAt;
  private boolean used;

  /**
   * Makes one.
   *
   * @param share one of how many nanoseconds may be spent
   * @param burstNanos how much of the past may be made up for
   */
  Budget(int share, long burstNanos) {
    this.perNano = share;
    this.burstNanos = burstNanos;
  }

  boolean allows(long now) {
    return !used || now - nextAt >= 0;
  }

  /** When it allows something again, if it does not now. */
  long nextAt() {
    return nextAt;
  }

  void spent(long nanos, long now) {
    long earliest = now - burstNanos;
    if (!used || earliest - nextAt > 0) {
      nextAt = earliest;
      used = true;
    }
    nextAt += nanos * perNano;
  }
}
