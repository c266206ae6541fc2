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

  /** Half of the hundredth of a core that all patient looks may take. */
  private static final int PATIENT_DIVISOR = 200;

  private static final int TENTH = 10;

  /** What was saved up for patient scans shall not be spent on the first moments of a suspicion. */
  private static final long PATIENT_GAP_NANOS = 100_000_000;

  /** Keeps a departure that is polled for within half a second. */
  private static final long POLLING_GAP_NANOS = 400_000_000;

  private static final long URGENT_BURST_NANOS = 30_000_000_000L;

  /** Unread bytes stay, so what was saved up for them would be spent as soon as they come. */
  private static final long PATIENT_BURST_NANOS = 2_000_000_000L;

  /** A timer of the kernel's may end a connection by itself. */
  private static final long FORCED_NANOS = 2_000_000_000L;

  private final SocketTable table;
  private final @Nullable SegmentGate gate;
  private final ThreadClock clock = new ThreadClock();

  /** For what looks like an end of the stream. */
  private final Budget urgent;

  /** For connections with nothing else to look at. */
  private final Budget polling;

  /** For what may lie behind bytes that nobody reads. */
  private final Budget patient;

  private long last = System.nanoTime() - POLLING_GAP_NANOS;
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
    this.urgent = new Budget(TENTH, URGENT_BURST_NANOS, price, clock.isOwnTime());
    this.polling = new Budget(TENTH, 0, price, clock.isOwnTime());
    this.patient = new Budget(PATIENT_DIVISOR, PATIENT_BURST_NANOS, price, clock.isOwnTime());
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
    boolean isPolled = false;
    boolean isUnread = false;
    for (WatchedConnection watched : connections) {
      TableEntry entry = watched.entry();
      isUrgent |= watched.deservesScan(now);
      isFirst |= entry != null && entry.sighting() == SocketState.UNKNOWN;
      isPolled |= watched.isPolled();
      isUnread |= !watched.isPolled();
    }
    Budget payer = urgent;
    long at = urgent.mayAt(now);
    if (!isUrgent) {
      payer = isPolled ? polling : patient;
      at = isPolled ? later(polling.mayAt(now), last + pollingGap()) : patientAt(now);
      if (isPolled && isUnread && patientAt(now) - at < 0) {
        payer = patient;
        at = patientAt(now);
      }
    }
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

  private long patientAt(long now) {
    return later(patient.mayAt(now), last + PATIENT_GAP_NANOS);
  }

  /** As often as a hundredth of a core pays for, and at least as often as polling promises. */
  private long pollingGap() {
    long paid = polling.price() * PATIENT_DIVISOR;
    return Math.max(PATIENT_GAP_NANOS, Math.min(paid, POLLING_GAP_NANOS));
  }

  private long forcedNanos() {
    return Math.max(FORCED_NANOS, patient.price() * PATIENT_DIVISOR);
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  private void scan(List<TableEntry> entries, Budget payer, long now) {
    long start = clock.nanos();
    table.look(entries);
    payer.spent(clock.nanos() - start, 1, System.nanoTime());
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
