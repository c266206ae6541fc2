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
  private final @Nullable SocketTable judge;
  private final @Nullable SocketTable exactJudge;
  private final @Nullable Scans scans;
  private final boolean repeats;
  private final boolean quickAcks;

  private final List<WatchedConnection> undecided = new ArrayList<>();
  private final List<WatchedConnection> unflagged = new ArrayList<>();
  private final List<WatchedConnection> ended = new ArrayList<>();
  private final List<TableEntry> entries = new ArrayList<>();

  Inspector(
      PollFlags flags, Mechanisms found, @Nullable SocketTable judge, @Nullable SegmentGate gate) {
    this.flags = flags;
    this.exactFlags = found.exactFlags();
    this.judge = judge;
    this.exactJudge = judge == null || judge.isBatching() ? null : judge;
    this.scans =
        judge == null || !judge.isBatching() ? null : new Scans(judge, gate, found.scanNanos());
    this.repeats = found.looksRepeatedly();
    this.quickAcks = found.quickAcks();
  }

  boolean isBatching() {
    return scans != null;
  }

  boolean hasTable() {
    return judge != null;
  }

  /** What the verdict rests on, for a log. */
  String basis(WatchedConnection line, Verdict verdict) {
    String trigger = line.isPolled() ? "polling" : "selector";
    return switch (verdict) {
      case FIN -> trigger + " + " + (line.shownBy == null ? judgeName() : line.shownBy);
      case RESET -> trigger + " + " + (isFlagged(line) ? "poll flags" : judgeName());
      case ENDED -> trigger + " + poll flags";
      case SEEMS_ENDED -> trigger + " + spaced looks";
      case OPEN, CLOSED_HERE -> trigger;
    };
  }

  private String judgeName() {
    return judge == null ? "no table" : judge.name();
  }

  /**
   * Sets {@link WatchedConnection#verdict} of each; null, and {@link WatchedConnection#lookAt} with
   * it, where that takes a scan that may not be made yet.
   *
   * @return nanoseconds taken by a scan, for which there is a budget here already
   */
  long look(List<WatchedConnection> lines, long now) throws IOException {
    if (exactJudge != null) {
      collect(lines);
      exactJudge.look(entries);
    }
    undecided.clear();
    for (WatchedConnection line : lines) {
      line.verdict = exactJudge != null && isFinished(line) ? Verdict.FIN : null;
      if (line.verdict == null) {
        undecided.add(line);
      }
    }
    undecided.removeIf(line -> (line.verdict = byGrowth(line)) != null);
    leaveToTheTable();
    lookAtFlags(undecided);
    lookRepeatedly();
    lookBehindAlerts(now);
    undecided.addAll(unflagged);
    long retryAt = scan();
    if (retryAt == Scans.DONE) {
      unflagged.removeIf(Inspector::isInOrder);
      lookAtFlags(unflagged);
      undecided.removeIf(line -> line.verdict != null);
    }
    unflagged.clear();
    for (WatchedConnection line : undecided) {
      if (retryAt == Scans.DONE) {
        line.verdict = byTable(line, now);
      } else {
        line.lookAt = retryAt;
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
    for (WatchedConnection line : undecided) {
      if (!line.isPolled() && !line.isUrgent() && line.isUnread() && ++patient > FLAGGED) {
        line.flags = PollFlags.READABLE;
        unflagged.add(line);
      } else {
        undecided.set(kept++, line);
      }
    }
    undecided.subList(kept, undecided.size()).clear();
  }

  /** Takes those out of the list of which the flags tell all. */
  private void lookAtFlags(List<WatchedConnection> lines) throws IOException {
    for (WatchedConnection line : lines) {
      line.wasAtRest = repeats && line.isAtRest();
    }
    flags.look(lines);
    lines.removeIf(line -> (line.verdict = byFlags(line)) != null);
  }

  private static boolean isInOrder(WatchedConnection line) {
    TableEntry entry = line.entry();
    return entry != null && entry.isFound();
  }

  private @Nullable Verdict byFlags(WatchedConnection line) {
    if (line.isClosedHere()) {
      return Verdict.CLOSED_HERE;
    }
    if (line.channel == null) {
      return null;
    }
    if (isFlagged(line)) {
      return isShutHere(line.channel) ? Verdict.CLOSED_HERE : ended(line);
    }
    if ((line.flags & PollFlags.READABLE) == 0) {
      line.hollowLooks = 0;
      return Verdict.OPEN;
    }
    return line.state == ConnectionState.HALF_CLOSED && exactFlags ? Verdict.FIN : null;
  }

  /** Nothing comes in behind a FIN: where more has come since the last look there was none. */
  private @Nullable Verdict byGrowth(WatchedConnection line) {
    if (scans == null || line.isPolled() || line.isUrgent() || !line.hasGrown()) {
      return null;
    }
    line.flags = PollFlags.READABLE;
    line.hollowLooks = 0;
    return Verdict.OPEN;
  }

  /**
   * Finds the ends that are proof by themselves, as nobody reads: what comes in on a connection at
   * rest stays there, so that one which is readable, with nothing to be read, has got its FIN. More
   * than one look, for what is not known of a container.
   */
  private void lookRepeatedly() throws IOException {
    for (WatchedConnection line : undecided) {
      if (line.wasAtRest && line.unread() == 0) {
        ended.add(line);
      }
    }
    try {
      for (int look = 1; look < REPEATED_LOOKS && !ended.isEmpty(); look++) {
        pause(look * REPEATED_GAP_NANOS);
        flags.look(ended);
        ended.removeIf(line -> (line.verdict = byFlags(line)) != null || line.unread() != 0);
      }
      for (WatchedConnection line : ended) {
        if (line.isAtRest()) {
          line.verdict = Verdict.FIN;
          line.shownBy = "repeated looks";
        }
      }
    } finally {
      ended.clear();
    }
    undecided.removeIf(line -> line.verdict != null);
  }

  /** The FIN follows a close_notify by some microseconds, so the table is asked a moment later. */
  private void lookBehindAlerts(long now) {
    if (!quickAcks) {
      return;
    }
    for (WatchedConnection line : undecided) {
      if (line.wasAtRest && line.isQuick() && line.mayBeAlert(line.unread())) {
        ended.add(line);
      }
    }
    for (int look = 0; look < REPEATED_LOOKS && !ended.isEmpty(); look++) {
      pause(look * REPEATED_GAP_NANOS);
      for (WatchedConnection line : ended) {
        if (line.isFinBehindAlert()) {
          line.verdict = Verdict.FIN;
          line.shownBy = "quick acks";
        }
      }
      ended.removeIf(line -> line.verdict != null);
    }
    undecided.removeIf(line -> line.verdict != null || isPutOff(line, now));
    ended.clear();
  }

  private boolean isPutOff(WatchedConnection line, long now) {
    boolean putOff = line.isUrgent() && ended.contains(line);
    if (putOff) {
      line.lookAt = now + (ALERT_GAP_NANOS << line.looks);
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

  private boolean isFlagged(WatchedConnection line) {
    return exactFlags && (line.flags & PollFlags.HUNG_UP) != 0;
  }

  private static Verdict ended(WatchedConnection line) {
    return line.entry() == null ? Verdict.ENDED : Verdict.RESET;
  }

  private static boolean isShutHere(SocketChannel channel) {
    try {
      return channel.socket().isOutputShutdown();
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  private void collect(List<WatchedConnection> lines) {
    entries.clear();
    for (WatchedConnection line : lines) {
      TableEntry entry = line.entry();
      if (entry != null) {
        entries.add(entry);
      }
    }
  }

  /** Whether a FIN has come, and the channel is still open, so that the addresses are its own. */
  private static boolean isFinished(WatchedConnection line) {
    TableEntry entry = line.entry();
    return entry != null && entry.sighting() == SocketState.FIN_RECEIVED && !line.isClosedHere();
  }

  private long scan() {
    collect(undecided);
    return scans == null ? Scans.DONE : scans.look(undecided, entries, System.nanoTime());
  }

  private Verdict byTable(WatchedConnection line, long now) {
    // After the look: as long as the channel is open the addresses are its own.
    if (line.isClosedHere()) {
      return Verdict.CLOSED_HERE;
    }
    TableEntry entry = line.entry();
    if (judge == null || entry == null) {
      return bySpacedLooks(line, now);
    }
    return switch (entry.sighting()) {
      case ESTABLISHED -> {
        line.hollowLooks = 0;
        yield Verdict.OPEN;
      }
      case FIN_RECEIVED -> Verdict.FIN;
      case CLOSED_HERE -> Verdict.CLOSED_HERE;
      case REPLACED -> isSettledByFlags(line) ? Verdict.OPEN : Verdict.RESET;
      case MISSING ->
          !isSettledByFlags(line) && entry.wasSeen() && entry.misses() >= judge.missesNeeded()
              ? Verdict.RESET
              : bySpacedLooks(line, now);
      case UNKNOWN -> bySpacedLooks(line, now);
    };
  }

  /** Whether the flags would show a reset, so that an absence from the table proves nothing. */
  private boolean isSettledByFlags(WatchedConnection line) {
    return exactFlags && line.channel != null;
  }

  private static Verdict bySpacedLooks(WatchedConnection line, long now) {
    if (line.channel == null || !line.isAllRead() || line.unread() != 0) {
      line.hollowLooks = 0;
    } else if (line.hollowLooks == 0 || now - line.hollowAt >= Pace.HOLLOW_GAP_NANOS) {
      line.hollowAt = now;
      line.hollowLooks++;
    }
    return line.hollowLooks >= HOLLOW_LOOKS ? Verdict.SEEMS_ENDED : Verdict.OPEN;
  }
}
