package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at connections and comes to a {@link Verdict} on each, by what costs least first: a lookup
 * in the kernel's table where that is exact, the poll flags, a scan of the table, and spaced looks
 * where there is none. Belongs to the watcher's thread.
 */
final class Inspector {

  /** Without a table, this many looks in a row have to find an end of stream. */
  private static final int HOLLOW_LOOKS = 4;

  /** Where nobody reads, this many in a row. */
  private static final int REPEATED_LOOKS = 3;

  /** So many connections with unread bytes are looked at one by one, as that costs less. */
  private static final int FLAGGED = 256;

  /** Before the second; twice as long before the third. */
  private static final long REPEATED_GAP_NANOS = 10_000;

  /** Before the second; twice as long each time. */
  private static final long ALERT_GAP_NANOS = 100_000;

  private final PollFlags flags;
  private final boolean exactFlags;
  private final @Nullable SocketTable table;
  private final @Nullable SocketTable exactTable;
  private final @Nullable Scans scans;
  private final boolean repeats;
  private final boolean quickAcks;

  private final List<WatchedConnection> undecided = new ArrayList<>();
  private final List<WatchedConnection> unflagged = new ArrayList<>();
  private final List<WatchedConnection> ended = new ArrayList<>();
  private final List<TableEntry> entries = new ArrayList<>();

  Inspector(
      PollFlags flags, Mechanisms found, @Nullable SocketTable table, @Nullable SegmentGate gate) {
    this.flags = flags;
    this.exactFlags = found.exactFlags();
    this.table = table;
    this.exactTable = table == null || table.isBatching() ? null : table;
    this.scans =
        table == null || !table.isBatching() ? null : new Scans(table, gate, found.scanNanos());
    this.repeats = found.looksRepeatedly();
    this.quickAcks = found.quickAcks();
  }

  boolean isBatching() {
    return scans != null;
  }

  boolean hasTable() {
    return table != null;
  }

  /** What the verdict rests on, for a log. */
  String basis(WatchedConnection watched, Verdict verdict) {
    String trigger = watched.isPolled() ? "polling" : "selector";
    return switch (verdict) {
      case FIN -> trigger + " + " + (watched.shownBy == null ? tableName() : watched.shownBy);
      case RESET -> trigger + " + " + (isFlagged(watched) ? "poll flags" : tableName());
      case ENDED -> trigger + " + poll flags";
      case SEEMS_ENDED -> trigger + " + spaced looks";
      case OPEN, CLOSED_HERE -> trigger;
    };
  }

  private String tableName() {
    return table == null ? "no table" : table.name();
  }

  /**
   * Sets {@link WatchedConnection#verdict} of each; null, and {@link WatchedConnection#lookAt} with
   * it, where that takes a scan that may not be made yet.
   *
   * @return nanoseconds taken by a scan, for which there is a budget here already
   */
  long look(List<WatchedConnection> connections, long now) throws IOException {
    if (exactTable != null) {
      collect(connections);
      exactTable.look(entries);
    }
    undecided.clear();
    for (WatchedConnection watched : connections) {
      watched.verdict = exactTable != null && isFinished(watched) ? Verdict.FIN : null;
      if (watched.verdict == null) {
        undecided.add(watched);
      }
    }
    undecided.removeIf(watched -> (watched.verdict = byGrowth(watched)) != null);
    leaveToTheTable();
    lookAtFlags(undecided);
    lookRepeatedly();
    lookBehindAlerts(now);
    undecided.addAll(unflagged);
    long retryAt = scan();
    if (retryAt == Scans.DONE) {
      unflagged.removeIf(Inspector::isInOrder);
      lookAtFlags(unflagged);
      undecided.removeIf(watched -> watched.verdict != null);
    }
    unflagged.clear();
    for (WatchedConnection watched : undecided) {
      if (retryAt == Scans.DONE) {
        watched.verdict = byTable(watched, now);
      } else {
        watched.lookAt = retryAt;
      }
    }
    undecided.clear();
    return scans == null ? 0 : scans.spent();
  }

  /**
   * Where thousands have unread bytes, a scan of the table for all costs less than the flags of
   * each: then it tells whose flags are worth a look.
   */
  private void leaveToTheTable() {
    unflagged.clear();
    if (scans == null || undecided.size() <= FLAGGED) {
      return;
    }
    int patient = 0;
    int kept = 0;
    for (WatchedConnection watched : undecided) {
      if (!watched.isPolled() && !watched.isUrgent() && watched.isUnread() && ++patient > FLAGGED) {
        watched.flags = PollFlags.READABLE;
        unflagged.add(watched);
      } else {
        undecided.set(kept++, watched);
      }
    }
    undecided.subList(kept, undecided.size()).clear();
  }

  /** Takes those out of the list of which the flags tell all. */
  private void lookAtFlags(List<WatchedConnection> connections) throws IOException {
    for (WatchedConnection watched : connections) {
      watched.wasAtRest = repeats && watched.isAtRest();
    }
    flags.look(connections);
    connections.removeIf(watched -> (watched.verdict = byFlags(watched)) != null);
  }

  private static boolean isInOrder(WatchedConnection watched) {
    TableEntry entry = watched.entry();
    return entry != null && entry.isFound();
  }

  private @Nullable Verdict byFlags(WatchedConnection watched) {
    if (watched.isClosedHere()) {
      return Verdict.CLOSED_HERE;
    }
    if (watched.channel == null) {
      return null;
    }
    if (isFlagged(watched)) {
      return isShutHere(watched.channel) ? Verdict.CLOSED_HERE : ended(watched);
    }
    if ((watched.flags & PollFlags.READABLE) == 0) {
      watched.hollowLooks = 0;
      return Verdict.OPEN;
    }
    return watched.state == ConnectionState.HALF_CLOSED && exactFlags ? Verdict.FIN : null;
  }

  /** Nothing comes in behind a FIN: where more has come since the last look there was none. */
  private @Nullable Verdict byGrowth(WatchedConnection watched) {
    if (scans == null || watched.isPolled() || watched.isUrgent() || !watched.hasGrown()) {
      return null;
    }
    watched.flags = PollFlags.READABLE;
    watched.hollowLooks = 0;
    return Verdict.OPEN;
  }

  /**
   * Finds the ends that are proof by themselves, as nobody reads: what comes in on a connection at
   * rest stays there, so that one which is readable, with nothing to be read, has got its FIN. More
   * than one look, for what is not known of a container.
   */
  private void lookRepeatedly() throws IOException {
    for (WatchedConnection watched : undecided) {
      if (watched.wasAtRest && watched.unread() == 0) {
        ended.add(watched);
      }
    }
    try {
      for (int look = 1; look < REPEATED_LOOKS && !ended.isEmpty(); look++) {
        pause(look * REPEATED_GAP_NANOS);
        flags.look(ended);
        ended.removeIf(
            watched -> (watched.verdict = byFlags(watched)) != null || watched.unread() != 0);
      }
      for (WatchedConnection watched : ended) {
        if (watched.isAtRest()) {
          watched.verdict = Verdict.FIN;
          watched.shownBy = "repeated looks";
        }
      }
    } finally {
      ended.clear();
    }
    undecided.removeIf(watched -> watched.verdict != null);
  }

  /** The FIN follows a close_notify by some microseconds, so the table is asked a moment later. */
  private void lookBehindAlerts(long now) {
    if (!quickAcks) {
      return;
    }
    for (WatchedConnection watched : undecided) {
      if (watched.wasAtRest && watched.isQuick() && watched.mayBeAlert(watched.unread())) {
        ended.add(watched);
      }
    }
    for (int look = 0; look < REPEATED_LOOKS && !ended.isEmpty(); look++) {
      pause(look * REPEATED_GAP_NANOS);
      for (WatchedConnection watched : ended) {
        if (watched.isFinBehindAlert()) {
          watched.verdict = Verdict.FIN;
          watched.shownBy = "quick acks";
        }
      }
      ended.removeIf(watched -> watched.verdict != null);
    }
    undecided.removeIf(watched -> watched.verdict != null || isPutOff(watched, now));
    ended.clear();
  }

  private boolean isPutOff(WatchedConnection watched, long now) {
    boolean putOff = watched.isUrgent() && ended.contains(watched);
    if (putOff) {
      watched.lookAt = now + (ALERT_GAP_NANOS << watched.looks);
    }
    return putOff;
  }

  /** Awake: to be woken takes longer. */
  private static void pause(long nanos) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < nanos) {
      Thread.onSpinWait();
    }
  }

  private boolean isFlagged(WatchedConnection watched) {
    return exactFlags && (watched.flags & PollFlags.HUNG_UP) != 0;
  }

  private static Verdict ended(WatchedConnection watched) {
    return watched.entry() == null ? Verdict.ENDED : Verdict.RESET;
  }

  private static boolean isShutHere(SocketChannel channel) {
    try {
      return channel.socket().isOutputShutdown();
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  private void collect(List<WatchedConnection> connections) {
    entries.clear();
    for (WatchedConnection watched : connections) {
      TableEntry entry = watched.entry();
      if (entry != null) {
        entries.add(entry);
      }
    }
  }

  /** Whether a FIN has come, and the channel is still open, so that the addresses are its own. */
  private static boolean isFinished(WatchedConnection watched) {
    TableEntry entry = watched.entry();
    return entry != null && entry.sighting() == SocketState.FIN_RECEIVED && !watched.isClosedHere();
  }

  private long scan() {
    collect(undecided);
    return scans == null ? Scans.DONE : scans.look(undecided, entries, System.nanoTime());
  }

  private Verdict byTable(WatchedConnection watched, long now) {
    // After the look: as long as the channel is open the addresses are its own.
    if (watched.isClosedHere()) {
      return Verdict.CLOSED_HERE;
    }
    TableEntry entry = watched.entry();
    if (table == null || entry == null) {
      return bySpacedLooks(watched, now);
    }
    return switch (entry.sighting()) {
      case ESTABLISHED -> {
        watched.hollowLooks = 0;
        yield Verdict.OPEN;
      }
      case FIN_RECEIVED -> Verdict.FIN;
      case CLOSED_HERE -> Verdict.CLOSED_HERE;
      case REPLACED -> isSettledByFlags(watched) ? Verdict.OPEN : Verdict.RESET;
      case MISSING ->
          !isSettledByFlags(watched) && entry.wasSeen() && entry.misses() >= table.missesNeeded()
              ? Verdict.RESET
              : bySpacedLooks(watched, now);
      case UNKNOWN -> bySpacedLooks(watched, now);
    };
  }

  /** Whether the flags would show a reset, so that an absence from the table proves nothing. */
  private boolean isSettledByFlags(WatchedConnection watched) {
    return exactFlags && watched.channel != null;
  }

  private static Verdict bySpacedLooks(WatchedConnection watched, long now) {
    if (watched.channel == null || !watched.isAllRead() || watched.unread() != 0) {
      watched.hollowLooks = 0;
    } else if (watched.hollowLooks == 0 || now - watched.hollowAt >= Pace.HOLLOW_GAP_NANOS) {
      watched.hollowAt = now;
      watched.hollowLooks++;
    }
    return watched.hollowLooks >= HOLLOW_LOOKS ? Verdict.SEEMS_ENDED : Verdict.OPEN;
  }
}
