package io.github.safeasync.internal.detect;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the kernel's table as a whole, which costs milliseconds however few are looked for, and
 * says when it may be read again. Belongs to the watcher's thread.
 */
final class Scans {

  /**
   * The table was read, or has not changed. Never a time to come: those differ by less from now.
   */
  static final long DONE = Long.MIN_VALUE;

  /** What is left of the hundredth of a core is for the looks, and for what is not measured. */
  private static final int STEADY_DIVISOR = 160;

  private static final int URGENT_DIVISOR = 10;

  /** What was saved up shall not be spent at once. */
  private static final long STEADY_GAP_NANOS = 100_000_000;

  /** What is told later than that is of no use to most requests. */
  private static final long LONGEST_STEADY_NANOS = 30_000_000_000L;

  private static final long LONGEST_URGENT_NANOS = 5_000_000_000L;

  private static final long URGENT_BURST_NANOS = 30_000_000_000L;

  /** Unread bytes stay, so what was saved up for them would be spent as soon as they come. */
  private static final long STEADY_BURST_NANOS = 2_000_000_000L;

  /** A timer of the kernel's may end a connection by itself. */
  private static final long FORCED_NANOS = 2_000_000_000L;

  private final SocketTable table;
  private final @Nullable SegmentGate gate;
  private final ThreadClock clock = new ThreadClock();

  /** For what looks like an end of the stream. */
  private final Budget urgent;

  /** For connections with nothing else to look at, and for what may lie behind unread bytes. */
  private final Budget steady;

  private long last = System.nanoTime() - STEADY_GAP_NANOS;
  private long spent;

  /**
   * Makes one.
   *
   * @param gate tells whether anything can have changed, if there is one
   * @param price what a scan takes, as measured before, in nanoseconds
   */
  Scans(SocketTable table, @Nullable SegmentGate gate, long price) {
    this.table = table;
    this.gate = gate;
    boolean ownTime = clock.isOwnTime();
    this.urgent =
        new Budget(URGENT_DIVISOR, URGENT_BURST_NANOS, LONGEST_URGENT_NANOS, price, ownTime);
    this.steady =
        new Budget(STEADY_DIVISOR, STEADY_BURST_NANOS, LONGEST_STEADY_NANOS, price, ownTime);
  }

  /**
   * How far apart two scans are that nothing has made urgent.
   *
   * @param price what one takes, in nanoseconds
   */
  static long gapNanos(long price) {
    return Math.max(STEADY_GAP_NANOS, Math.min(price * STEADY_DIVISOR, LONGEST_STEADY_NANOS));
  }

  /** Nanoseconds that the last {@link #look} has spent on a scan. */
  long spent() {
    return spent;
  }

  /** Returns DONE, or the System.nanoTime() to come again. */
  long look(List<WatchedConnection> connections, List<TableEntry> entries, long now) {
    spent = 0;
    if (entries.isEmpty()) {
      return DONE;
    }
    boolean isUrgent = false;
    boolean isFirst = false;
    for (WatchedConnection watched : connections) {
      TableEntry entry = watched.entry();
      isUrgent |= watched.deservesScan(now);
      isFirst |= entry != null && entry.sighting() == SocketState.UNKNOWN;
    }
    Budget payer = isUrgent ? urgent : steady;
    long at = isUrgent ? urgent.mayAt(now) : later(steady.mayAt(now), last + STEADY_GAP_NANOS);
    if (at - now > 0) {
      return at;
    }
    // A scan left out because nothing can have changed leaves the last sightings as they are.
    if (isUrgent || isFirst || gate == null || gate.isOpen(now, forcedNanos())) {
      last = now;
      if (isUrgent) {
        countUrgent(connections, now);
      }
      scan(entries, payer, now);
    }
    return DONE;
  }

  private long forcedNanos() {
    return Math.max(FORCED_NANOS, gapNanos(steady.price()));
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  private void scan(List<TableEntry> entries, Budget payer, long now) {
    long start = clock.nanos();
    table.look(entries);
    // What is urgent does not wait for others to run.
    long end = payer == urgent ? clock.nanos() : clock.exactNanos();
    payer.spent(end - start, 1, System.nanoTime());
    spent = System.nanoTime() - now;
  }

  /** Only now: a scan that was put off has told nothing. */
  private static void countUrgent(List<WatchedConnection> connections, long now) {
    for (WatchedConnection watched : connections) {
      if (watched.deservesScan(now)) {
        watched.scanned();
      }
    }
  }
}
