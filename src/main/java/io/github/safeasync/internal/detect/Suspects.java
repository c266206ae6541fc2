package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The connections that have to be looked at, and when. Belongs to the watcher's thread.
 *
 * <p>The first looks after an event are never put off here. All others (unread bytes, polling,
 * half-closed connections) may take one hundredth of a core together at most. Scans have a budget
 * of their own, in {@link Scans}.
 */
final class Suspects {

  /** Longer than anything waited for, yet far from overflow in differences of System.nanoTime(). */
  static final long LONG = Long.MAX_VALUE / 4;

  private static final int SLICE = 256;

  /** When what failed is done again. */
  static final long AGAIN_NANOS = 10_000_000;

  /** What comes of a verdict; called after a look, once for each connection looked at. */
  interface Sentence {
    void carryOut(WatchedConnection line, Verdict verdict, long now);
  }

  private final Inspector looks;
  private final Pace pace;
  private final Sentence sentence;
  private final Budget patience;
  private final List<WatchedConnection> lines = new ArrayList<>();
  private final List<WatchedConnection> batch = new ArrayList<>();
  private long nextAt;
  private int cursor;

  Suspects(Inspector looks, Sentence sentence) {
    this.looks = looks;
    this.sentence = sentence;
    // Where there are scans, they take half of it, and much of the rest is not measured.
    this.patience = new Budget(looks.isBatching() ? 800 : 200, 200_000_000L, 10_000, false);
    this.pace = looks.isBatching() ? Pace.BATCHING : looks.hasTable() ? Pace.EXACT : Pace.SPACED;
  }

  /** Takes a line in; looked at on the next {@link #run} unless it has been so very often. */
  void add(WatchedConnection line, long now) {
    if (now - line.suspectSince > WatchedConnection.CALM_NANOS) {
      line.looks = 0;
    }
    line.suspectSince = now;
    lookAt(line, line.looks == 0 ? now : now + pace.after(line));
  }

  /** Sets the time of the next look, taking the line in if need be. */
  void lookAt(WatchedConnection line, long at) {
    line.lookAt = at;
    if (line.index < 0) {
      lines.add(line);
      line.index = lines.size() - 1;
    }
    if (lines.size() == 1 || at - nextAt < 0) {
      nextAt = at;
    }
  }

  void lookAgain(WatchedConnection line, long now) {
    line.looks++;
    lookAt(line, now + pace.after(line));
  }

  void remove(WatchedConnection line) {
    int index = line.index;
    if (index >= 0) {
      line.index = -1;
      WatchedConnection last = lines.remove(lines.size() - 1);
      if (last != line) {
        lines.set(index, last);
        last.index = index;
      }
    }
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  /** System.nanoTime() of the next look, if not empty. */
  long nextAt() {
    return nextAt;
  }

  void run(long now) throws IOException {
    if (lines.isEmpty() || nextAt - now > 0) {
      return;
    }
    boolean done = false;
    try {
      pick(now);
      lookAtBatch(now);
      done = true;
    } finally {
      batch.clear();
      if (!done) {
        nextAt = now + AGAIN_NANOS;
      }
    }
  }

  private void lookAtBatch(long now) throws IOException {
    if (batch.isEmpty()) {
      return;
    }
    int patient = 0;
    for (WatchedConnection line : batch) {
      patient += line.isUrgent() ? 0 : 1;
    }
    long scanned = looks.look(batch, now);
    long after = System.nanoTime();
    for (WatchedConnection line : batch) {
      Verdict verdict = line.verdict;
      if (line.state == ConnectionState.DROPPED) {
        continue;
      }
      if (verdict == null) {
        putOff(line, after);
      } else {
        sentence.carryOut(line, verdict, after);
      }
    }
    if (patient > 0) {
      long end = System.nanoTime();
      patience.spent((end - now - scanned) * patient / batch.size(), patient, end);
    }
  }

  /** There is a scan to come, before which nothing can be said of it. */
  private void putOff(WatchedConnection line, long now) {
    long at = line.lookAt;
    if (!line.isPolled()) {
      // The flags cost little, and may show meanwhile that a scan has become urgent.
      line.looks++;
      at = Math.min(at - now, pace.after(line)) + now;
    }
    lookAt(line, at);
  }

  /** Fills the batch: urgent ones first, and patient ones if their budget allows. */
  private void pick(long now) {
    nextAt = now + LONG;
    int size = lines.size();
    for (WatchedConnection line : lines) {
      if (line.lookAt - now > 0) {
        earlier(line.lookAt);
      } else if (line.isUrgent()) {
        take(line, true, now);
      }
    }
    boolean allowed = patience.allows(now);
    // Goes on where the last slice ended, so that each has its turn.
    for (int i = 0, start = cursor; i < size; i++) {
      WatchedConnection line = lines.get((start + i) % size);
      if (line.lookAt - now <= 0
          && !line.isUrgent()
          && take(line, allowed, allowed ? now : patience.nextAt())) {
        cursor = (start + i + 1) % size;
      }
    }
  }

  private boolean take(WatchedConnection line, boolean allowed, long otherwiseAt) {
    // A scan serves any number, so with scans there are no slices.
    if (allowed && (looks.isBatching() || batch.size() < SLICE)) {
      batch.add(line);
      return true;
    }
    earlier(otherwiseAt);
    return false;
  }

  private void earlier(long at) {
    if (at - nextAt < 0) {
      nextAt = at;
    }
  }
}
