package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncStats;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Counts the exchanges of one filter. Lock-free; counting allocates nothing. */
final class ExchangeStats implements SafeAsyncStats {

  private volatile LongSupplier watched = () -> 0;
  private volatile LongSupplier pendingBytes = () -> 0;
  private final LongAdder opened = new LongAdder();
  private final Counts<End.Kind> ended = new Counts<>(End.Kind.class);
  private final Counts<Evidence> disconnected = new Counts<>(Evidence.class);
  private final Counts<Work> cancelled = new Counts<>(Work.class);
  private final Timings detection = new Timings();
  private final Timings disconnectedAfter = new Timings();
  private final List<Consumer<? super Disconnected>> listeners = new CopyOnWriteArrayList<>();

  /** Tells where to ask for what is not counted here. */
  void looksAt(LongSupplier watches, LongSupplier bytes) {
    watched = watches;
    pendingBytes = bytes;
  }

  // What is counted. Any thread.

  void opened() {
    opened.increment();
  }

  /** An exchange has ended that was opened. */
  void ended(End end) {
    ended.increment(end.kind());
    Departure departure = end.departure().orElse(null);
    if (departure != null) {
      disconnected.increment(departure.evidence());
      disconnectedAfter.add(end.after().toNanos());
    }
  }

  /** The watcher has noticed a disconnect. */
  void detected(long nanos) {
    detection.add(nanos);
  }

  void countCancelled(Work kind) {
    cancelled.increment(kind);
  }

  /** Those who want to hear of each disconnect. */
  List<Consumer<? super Disconnected>> listeners() {
    return listeners;
  }

  // What is known of it.

  @Override
  public long open() {
    // In this order, so that what ends meanwhile makes it no less than none.
    long over = ended.sum();
    return opened.sum() - over;
  }

  @Override
  public long watched() {
    return watched.getAsLong();
  }

  @Override
  public long pendingBytes() {
    return pendingBytes.getAsLong();
  }

  @Override
  public long ended(End.Kind kind) {
    return ended.of(kind);
  }

  @Override
  public long disconnected(Evidence evidence) {
    return disconnected.of(evidence);
  }

  @Override
  public long cancelled(Work kind) {
    return cancelled.of(kind);
  }

  @Override
  public Times detection() {
    return detection.times();
  }

  @Override
  public Times disconnectedAfter() {
    return disconnectedAfter.times();
  }

  @Override
  public Handle onDisconnect(Consumer<? super Disconnected> listener) {
    Objects.requireNonNull(listener, "listener");
    // Of its own, so that a listener that is registered twice is taken back once.
    Consumer<Disconnected> registered = listener::accept;
    listeners.add(registered);
    return () -> listeners.remove(registered);
  }

  @Override
  public String toString() {
    StringBuilder line = new StringBuilder("open ").append(open());
    for (End.Kind kind : End.Kind.values()) {
      line.append(", ").append(kind).append(' ').append(ended(kind));
    }
    return line.toString();
  }
}
