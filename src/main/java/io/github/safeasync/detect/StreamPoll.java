package io.github.safeasync.detect;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Asks the container in intervals whether HTTP/2 streams are still open, where it knows but does
 * not tell. Belongs to the watcher's thread; stays under one hundredth of a core.
 */
final class StreamPoll {

  private static final long INTERVAL_NANOS = 20_000_000;

  /** A stream closed by its normal end is given this long to be released. */
  private static final long SECOND_LOOK_NANOS = 5_000_000;

  private final List<ExchangeWatch> watches = new ArrayList<>();
  private final List<ExchangeWatch> closed = new ArrayList<>();
  private final Budget budget = new Budget(100, 50_000_000, 1_000, false);
  private long nextAt;

  void add(ExchangeWatch watch, BooleanSupplier streamOpen, long now) {
    if (watches.isEmpty()) {
      nextAt = now;
    }
    watch.streamOpen = streamOpen;
    watch.streamIndex = watches.size();
    watches.add(watch);
  }

  void remove(ExchangeWatch watch) {
    int index = watch.streamIndex;
    if (index >= 0) {
      watch.streamIndex = -1;
      watch.streamOpen = null;
      ExchangeWatch last = watches.remove(watches.size() - 1);
      if (last != watch) {
        watches.set(index, last);
        last.streamIndex = index;
      }
    }
  }

  boolean isEmpty() {
    return watches.isEmpty();
  }

  List<ExchangeWatch> copy() {
    return List.copyOf(watches);
  }

  long nextAt() {
    return nextAt;
  }

  /** Answers the watches whose stream was found closed twice; valid until the next call. */
  List<ExchangeWatch> run(long now) {
    closed.clear();
    if (watches.isEmpty() || nextAt - now > 0 || !budget.allows(now)) {
      return closed;
    }
    boolean suspicion = false;
    for (ExchangeWatch watch : watches) {
      BooleanSupplier streamOpen = watch.streamOpen;
      if (streamOpen == null || isOpen(streamOpen)) {
        watch.streamSuspected = false;
      } else if (watch.streamSuspected) {
        closed.add(watch);
      } else {
        watch.streamSuspected = true;
        suspicion = true;
      }
    }
    long after = System.nanoTime();
    budget.spent(after - now, watches.size(), after);
    nextAt = after + (suspicion ? SECOND_LOOK_NANOS : INTERVAL_NANOS);
    if (nextAt - budget.nextAt() < 0) {
      nextAt = budget.nextAt();
    }
    return closed;
  }

  /** What cannot be asked is taken as open. */
  private static boolean isOpen(BooleanSupplier streamOpen) {
    try {
      return streamOpen.getAsBoolean();
    } catch (RuntimeException e) {
      return true;
    }
  }
}
