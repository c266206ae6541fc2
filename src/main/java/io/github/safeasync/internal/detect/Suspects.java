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
    void carryOut(WatchedConnection watched, Verdict verdict, long now);
  }

  private final Inspector inspector;
  private final Pace pace;
  private final Sentence sentence;
  private final Budget patience;
  private final List<WatchedConnection> connections = new ArrayList<>();
  private final List<WatchedConnection> batch = new ArrayList<>();
  private long nextAt;
  private int cursor;

  Suspects(Inspector inspector, Sentence sentence) {
    this.inspector = inspector;
    this.sentence = sentence;
    // Where there are scans, they take most of it, and much of the rest is not measured.
    int divisor = inspector.isBatching() ? 800 : 200;
    this.patience = new Budget(divisor, 200_000_000L, 5_000_000_000L, 10_000, false);
    this.pace =
        inspector.isBatching() ? Pace.BATCHING : inspector.hasTable() ? Pace.EXACT : Pace.SPACED;
  }

  /** Takes a connection in; looked at on the next {@link #run} unless it has been so very often. */
  void add(WatchedConnection watched, long now) {
    if (now - watched.suspectSince > WatchedConnection.CALM_NANOS) {
      watched.looks = 0;
    }
    watched.suspectSince = now;
    lookAt(watched, watched.looks == 0 ? now : now + pace.after(watched));
  }

  /** Sets the time of the next look, taking the connection in if need be. */
  void lookAt(WatchedConnection watched, long at) {
    watched.lookAt = at;
    if (watched.index < 0) {
      connections.add(watched);
      watched.index = connections.size() - 1;
    }
    if (connections.size() == 1 || at - nextAt < 0) {
      nextAt = at;
    }
  }

  void lookAgain(WatchedConnection watched, long now) {
    watched.looks++;
    lookAt(watched, now + pace.after(watched));
  }

  void remove(WatchedConnection watched) {
    int index = watched.index;
    if (index >= 0) {
      watched.index = -1;
      WatchedConnection last = connections.remove(connections.size() - 1);
      if (last != watched) {
        connections.set(index, last);
        last.index = index;
      }
    }
  }

  boolean isEmpty() {
    return connections.isEmpty();
  }

  /** System.nanoTime() of the next look, if not empty. */
  long nextAt() {
    return nextAt;
  }

  void run(long now) throws IOException {
    if (connections.isEmpty() || nextAt - now > 0) {
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
    for (WatchedConnection watched : batch) {
      patient += watched.isUrgent() ? 0 : 1;
    }
    long scanned = inspector.look(batch, now);
    long after = System.nanoTime();
    for (WatchedConnection watched : batch) {
      Verdict verdict = watched.verdict;
      if (watched.state == ConnectionState.DROPPED) {
        continue;
      }
      if (verdict == null) {
        putOff(watched, after);
      } else {
        sentence.carryOut(watched, verdict, after);
      }
    }
    if (patient > 0) {
      long end = System.nanoTime();
      patience.spent((end - now - scanned) * patient / batch.size(), patient, end);
    }
  }

  /** There is a scan to come, before which nothing can be said of it. */
  private void putOff(WatchedConnection watched, long now) {
    long at = watched.lookAt;
    if (!watched.isPolled()) {
      // The flags cost little, and may show meanwhile that a scan has become urgent.
      watched.looks++;
      at = Math.min(at - now, pace.after(watched)) + now;
    }
    lookAt(watched, at);
  }

  /** Fills the batch: urgent ones first, and patient ones if their budget allows. */
  private void pick(long now) {
    nextAt = now + LONG;
    int size = connections.size();
    for (WatchedConnection watched : connections) {
      if (watched.lookAt - now > 0) {
        earlier(watched.lookAt);
      } else if (watched.isUrgent()) {
        take(watched, true, now);
      }
    }
    boolean allowed = patience.allows(now);
    // Goes on where the last slice ended, so that each has its turn.
    for (int i = 0, start = cursor; i < size; i++) {
      WatchedConnection watched = connections.get((start + i) % size);
      if (watched.lookAt - now <= 0
          && !watched.isUrgent()
          && take(watched, allowed, allowed ? now : patience.nextAt())) {
        cursor = (start + i + 1) % size;
      }
    }
  }

  private boolean take(WatchedConnection watched, boolean allowed, long otherwiseAt) {
    // A scan serves any number, so with scans there are no slices.
    if (allowed && (inspector.isBatching() || batch.size() < SLICE)) {
      batch.add(watched);
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
