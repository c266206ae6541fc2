package io.github.safeasync.internal.detect;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Asks the container in intervals whether HTTP/2 streams are still open, where it knows but does
 * not tell. Belongs to the watcher's thread; stays under one hundredth of a core.
 */
final class StreamPoll {

  /** With the second look, and the time it takes to wake up, a reset is told within 20 ms. */
  private static final long INTERVAL_NANOS = 15_000_000;

  /** A stream closed by its exchange's end is given this long to be released. */
  private static final long SECOND_LOOK_NANOS = 2_000_000;

  private final LongSupplier clock;
  private final List<ExchangeWatch> watches = new ArrayList<>();
  private final List<ExchangeWatch> suspected = new ArrayList<>();
  private final List<ExchangeWatch> told = new ArrayList<>();
  private final List<ExchangeWatch> closed = new ArrayList<>();
  private final Budget budget = new Budget(100, 50_000_000, 5_000_000_000L, 1_000, false);
  private long nextRound;
  private long secondLook;
  private long roundAt;
  private long roundBefore;
  private long seenOpenAt;

  /**
   * Makes one.
   *
   * @param clock as System::nanoTime
   */
  StreamPoll(LongSupplier clock) {
    this.clock = clock;
  }

  void add(ExchangeWatch watch, BooleanSupplier streamOpen, long now) {
    if (watches.isEmpty()) {
      nextRound = budget.allows(now) ? now : budget.nextAt();
      roundAt = now;
    }
    watch.streamOpen = streamOpen;
    watch.streamIndex = watches.size();
    watches.add(watch);
  }

  /** The container has told of its reset, by the client: one look makes sure. */
  void told(ExchangeWatch watch) {
    told.add(watch);
  }

  void remove(ExchangeWatch watch) {
    int index = watch.streamIndex;
    if (index >= 0) {
      watch.withdraw();
      watch.streamIndex = -1;
      watch.streamOpen = null;
      ExchangeWatch last = watches.remove(watches.size() - 1);
      if (last != watch) {
        watches.set(index, last);
        last.streamIndex = index;
      }
    }
  }

  /** System.nanoTime() of the last round that found those open that the last run has returned. */
  long seenOpenAt() {
    return seenOpenAt;
  }

  boolean isEmpty() {
    return watches.isEmpty();
  }

  long nextAt() {
    return suspected.isEmpty() || nextRound - secondLook < 0 ? nextRound : secondLook;
  }

  /**
   * Returns the watches whose stream was found closed twice, or was told to be and found so; valid
   * until the next call.
   */
  List<ExchangeWatch> run(long now) {
    closed.clear();
    for (ExchangeWatch watch : told) {
      if (isClosed(watch)) {
        suspected.remove(watch);
        closed.add(watch);
      }
    }
    told.clear();
    if (!suspected.isEmpty() && secondLook - now <= 0) {
      lookAgain();
    }
    if (!watches.isEmpty() && nextRound - now <= 0) {
      askAll();
    }
    return closed;
  }

  /** At the few that were found closed; all the others wait for their turn. */
  private void lookAgain() {
    seenOpenAt = roundBefore;
    for (ExchangeWatch watch : suspected) {
      if (isClosed(watch)) {
        closed.add(watch);
      } else {
        watch.streamSuspected = false;
      }
    }
    suspected.clear();
  }

  private void askAll() {
    long start = clock.getAsLong();
    roundBefore = roundAt;
    roundAt = start;
    for (ExchangeWatch watch : watches) {
      if (!watch.streamSuspected && isClosed(watch)) {
        suspected.add(watch);
        watch.streamSuspected = true;
      }
    }
    long end = clock.getAsLong();
    budget.spent(end - start, watches.size(), end);
    secondLook = end + SECOND_LOOK_NANOS;
    nextRound = end + INTERVAL_NANOS;
    if (nextRound - budget.nextAt() < 0) {
      nextRound = budget.nextAt();
    }
  }

  /** What cannot be asked, or is asked no more, is taken as open. */
  private static boolean isClosed(ExchangeWatch watch) {
    BooleanSupplier streamOpen = watch.streamOpen;
    try {
      return streamOpen != null && !streamOpen.getAsBoolean();
    } catch (Throwable e) {
      return false;
    }
  }
}
