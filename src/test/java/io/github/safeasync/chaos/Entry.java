package io.github.safeasync.chaos;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** What is known of one exchange. Thread-safe. */
final class Entry {

  private static final int SHOWN = 3_000;
  private static final double NANOS_PER_MILLI = 1e6;

  private final Plan plan;
  private final Ledger ledger;
  private final long began = System.nanoTime();
  private final Queue<String> trace = new ConcurrentLinkedQueue<>();
  private final AtomicInteger ends = new AtomicInteger();
  private final AtomicInteger cleanUps = new AtomicInteger();
  private volatile boolean served;
  private volatile boolean left;

  Entry(Plan plan, Ledger ledger) {
    this.plan = plan;
    this.ledger = ledger;
  }

  Plan plan() {
    return plan;
  }

  Work work() {
    return ledger.work();
  }

  /** Has the application go on when it shall, unless it never does. */
  void later(Work.Task task) {
    if (plan.behaviour() != Behaviour.SILENT) {
      work().later(this, plan.serverMillis(), task);
    }
  }

  void note(String what) {
    trace.add(
        String.format(
            "%8.2f ms %s: %s",
            (System.nanoTime() - began) / NANOS_PER_MILLI, Thread.currentThread().getName(), what));
  }

  void fault(Fault fault, String what) {
    note(fault + ": " + what.substring(0, Math.min(what.length(), SHOWN)));
    ledger.found(fault, this);
  }

  void served() {
    note("served");
    served = true;
  }

  boolean isServed() {
    return served;
  }

  void ended(String how) {
    note("ended " + how);
    if (ends.incrementAndGet() == 1) {
      ledger.countEnd(how);
      settle();
    } else {
      fault(Fault.ENDED_TWICE, how);
    }
  }

  void cleanedUp() {
    note("cleaned up");
    if (cleanUps.incrementAndGet() == 1) {
      settle();
    } else {
      fault(Fault.CLEANED_UP_TWICE, "");
    }
  }

  /** The client is done with it. */
  void left(String how) {
    note("client: " + how);
    left = true;
    settle();
  }

  private void settle() {
    if (left && ends.get() > 0 && cleanUps.get() > 0) {
      ledger.settled(this);
    }
  }

  /** Of an exchange for which nothing more will happen. */
  void close() {
    if (served && ends.get() == 0) {
      fault(Fault.NO_END, "");
    }
    if (served && cleanUps.get() == 0) {
      fault(Fault.NO_CLEAN_UP, "");
    }
  }

  boolean isWaiting() {
    return served && (ends.get() == 0 || cleanUps.get() == 0);
  }

  @Override
  public String toString() {
    return plan + "\n    " + String.join("\n    ", trace);
  }
}
