package io.github.safeasync.detect;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The connections that have to be looked at, and when. Belongs to the watcher's thread.
 *
 * <p>Two budgets. An urgent look follows an event that an end of the stream explains best: it may
 * take a tenth of a core, and only where the judge is a scan. All others (unread bytes, polling,
 * half-closed connections) share one hundredth.
 */
final class Suspects {

  private static final int EXACT_SLICE = 256;
  private static final int URGENT_LOOKS = 3;
  private static final long CALM_NANOS = 1_000_000_000L;

  /** What comes of a verdict; called after a look, once for each connection looked at. */
  interface Sentence {
    void carryOut(Line line, Verdict verdict, long now);
  }

  private final Looks looks;
  private final Pace pace;
  private final Sentence sentence;
  private final Budget urgentBudget = new Budget(10, 3_000_000_000L);
  private final Budget patientBudget = new Budget(100, 200_000_000L);
  private final List<Line> lines = new ArrayList<>();
  private final List<Line> batch = new ArrayList<>();
  private long nextAt;
  private boolean urgent;

  Suspects(Looks looks, Sentence sentence) {
    this.looks = looks;
    this.sentence = sentence;
    this.pace =
        looks.isBatching() ? Pace.BATCHING : looks.hasTable() ? Pace.EXACT : Pace.SPACED;
  }

  /** Takes a line in; looked at on the next {@link #run} unless it has been so very often. */
  void add(Line line, long now) {
    if (now - line.suspectSince > CALM_NANOS) {
      line.looks = 0;
    }
    line.suspectSince = now;
    lookAt(line, line.looks == 0 ? now : now + pace.after(line));
  }

  /** Sets the time of the next look, taking the line in if need be. */
  void lookAt(Line line, long at) {
    line.lookAt = at;
    if (line.index < 0) {
      line.index = lines.size();
      lines.add(line);
    }
    if (lines.size() == 1 || at - nextAt < 0) {
      nextAt = at;
    }
  }

  void lookAgain(Line line, long now) {
    line.looks++;
    lookAt(line, now + pace.after(line));
  }

  void remove(Line line) {
    int index = line.index;
    if (index >= 0) {
      line.index = -1;
      Line last = lines.remove(lines.size() - 1);
      if (last != line) {
        lines.set(index, last);
        last.index = index;
      }
    }
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  List<Line> copy() {
    return List.copyOf(lines);
  }

  /** System.nanoTime() of the next look, if not empty. */
  long nextAt() {
    return nextAt;
  }

  void run(long now) throws IOException {
    if (lines.isEmpty() || nextAt - now > 0) {
      return;
    }
    pick(now);
    if (batch.isEmpty()) {
      return;
    }
    looks.look(batch, urgent, now);
    long after = System.nanoTime();
    if (!urgent) {
      patientBudget.spent(after - now, after);
    } else if (looks.isBatching()) {
      urgentBudget.spent(after - now, after);
    }
    for (Line line : batch) {
      Verdict verdict = line.verdict;
      if (line.state != LineState.DROPPED && verdict != null) {
        sentence.carryOut(line, verdict, after);
      }
    }
    batch.clear();
  }

  /** Fills the batch with urgent looks if there are any, else with patient ones. */
  private void pick(long now) {
    urgent = false;
    nextAt = now + Watcher.LONG;
    boolean urgentAllowed = !looks.isBatching() || urgentBudget.allows(now);
    for (Line line : lines) {
      if (line.lookAt - now > 0) {
        earlier(line.lookAt);
      } else if (isUrgent(line)) {
        urgent |= take(line, urgentAllowed, urgentAllowed ? now : urgentBudget.nextAt());
      }
    }
    // A scan made anyway serves the patient ones too.
    boolean patientAllowed = urgent ? looks.isBatching() : patientBudget.allows(now);
    long patientAt = urgent || patientAllowed ? now : patientBudget.nextAt();
    for (Line line : lines) {
      if (line.lookAt - now <= 0 && !isUrgent(line)) {
        take(line, patientAllowed, patientAt);
      }
    }
  }

  private boolean take(Line line, boolean allowed, long otherwiseAt) {
    if (allowed && !isFull()) {
      batch.add(line);
      return true;
    }
    earlier(otherwiseAt);
    return false;
  }

  private boolean isFull() {
    return !looks.isBatching() && batch.size() >= EXACT_SLICE;
  }

  private void earlier(long at) {
    if (at - nextAt < 0) {
      nextAt = at;
    }
  }

  private static boolean isUrgent(Line line) {
    if (line.isPolled()) {
      return line.isMissed();
    }
    return line.looks < URGENT_LOOKS && line.state == LineState.SUSPECT && line.urgent;
  }
}
