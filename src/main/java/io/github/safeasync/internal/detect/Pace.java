package io.github.safeasync.internal.detect;

/** How long to wait before the next look. */
enum Pace {
  /** A lookup of one connection costs microseconds. */
  EXACT(200_000, 50_000_000),
  /** A scan of the table costs milliseconds, whatever is looked for. */
  BATCHING(2_000_000, 250_000_000),
  /** No table: the looks themselves are the proof, so they are spaced. */
  SPACED(Pace.HOLLOW_GAP_NANOS, 50_000_000);

  /** Without a table, looks that are to prove an end are as far apart. */
  static final long HOLLOW_GAP_NANOS = 10_000_000;

  private static final int MOST_DOUBLINGS = 20;
  static final long POLLING = 20_000_000;
  private static final long POLLING_MISSED = 5_000_000;
  private static final long POLLING_IN_VAIN = 1_000_000_000;
  private static final long HALF_CLOSED_FIRST = 1_000_000;
  private static final long HALF_CLOSED_LONGEST = 1_000_000_000;

  private final long first;
  private final long longest;

  Pace(long first, long longest) {
    this.first = first;
    this.longest = longest;
  }

  /** Nanoseconds from a look that has settled nothing to the next. */
  long after(WatchedConnection watched) {
    if (watched.state == ConnectionState.HALF_CLOSED) {
      return doubled(HALF_CLOSED_FIRST, watched.looks, HALF_CLOSED_LONGEST);
    }
    if (watched.isPolled() && !watched.isInTable()) {
      return doubled(POLLING, watched.looks, POLLING_IN_VAIN);
    }
    if (watched.isPolled()) {
      return watched.isMissed() ? POLLING_MISSED : POLLING;
    }
    return doubled(first, watched.looks, longest);
  }

  private static long doubled(long from, int times, long longest) {
    return Math.min(from << Math.min(times, MOST_DOUBLINGS), longest);
  }
}
