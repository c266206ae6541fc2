package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.FlightRecords;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.container.Connection;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What is counted, recorded and traced of an exchange, and what it is called. Any thread. */
final class Observation {

  /** How far it is in the stats. */
  private enum Counted {
    NOT_YET,
    OPEN,
    ENDED
  }

  private static final AtomicReferenceFieldUpdater<Observation, Counted> COUNTED =
      AtomicReferenceFieldUpdater.newUpdater(Observation.class, Counted.class, "counted");

  private static final AtomicReferenceFieldUpdater<Observation, Subject> SUBJECT =
      AtomicReferenceFieldUpdater.newUpdater(Observation.class, Subject.class, "subject");

  private final Object about;
  private final FilterScope scope;
  private final Lifecycle lifecycle;
  private final ContainerObjects container;
  private final @Nullable Consumer<Departure> trace;

  private volatile Counted counted = Counted.NOT_YET;

  private volatile @Nullable Subject subject;

  /**
   * Makes that of an exchange.
   *
   * @param about the exchange, for the log
   * @param trace what its request is traced by; null if by nothing
   */
  Observation(
      Object about,
      FilterScope scope,
      Lifecycle lifecycle,
      ContainerObjects container,
      @Nullable Consumer<Departure> trace) {
    this.about = about;
    this.scope = scope;
    this.lifecycle = lifecycle;
    this.container = container;
    this.trace = trace;
  }

  /**
   * Returns what it is about. Of a synchronous request the container's thread alone may ask, as
   * nobody tells when the container has it back.
   */
  Subject subject() {
    if (subject == null && lifecycle.isNew() && !lifecycle.isServlet()) {
      return Subject.unknown(container.method());
    }
    named(null);
    return Objects.requireNonNull(subject);
  }

  /** While the container's objects are certainly this request's. */
  void named(@Nullable Connection connection) {
    Subject known = subject;
    if (known == null || (known.peer() == null && connection != null)) {
      long number = known == null ? scope.nextNumber() : known.number();
      Subject made = Subject.of(number, container.method(), container.request(), connection);
      boolean unused = SUBJECT.compareAndSet(this, known, made);
    }
  }

  /** Counts it as open, once. */
  void opened() {
    if (counted == Counted.NOT_YET && COUNTED.compareAndSet(this, Counted.NOT_YET, Counted.OPEN)) {
      scope.stats().opened();
    }
  }

  boolean isOpen() {
    return counted == Counted.OPEN;
  }

  /**
   * Counts an end, unless one was counted before.
   *
   * @param noticedNanos how soon the watcher has noticed the disconnect; less than 0 if it has not
   * @param sent how many bytes were handed over
   */
  void ended(End decided, long noticedNanos, long sent) {
    Counted before = COUNTED.getAndSet(this, Counted.ENDED);
    if (before == Counted.ENDED) {
      return;
    }
    ExchangeStats stats = scope.stats();
    if (before == Counted.NOT_YET) {
      stats.opened();
    }
    stats.ended(decided);
    decided.departure().ifPresent(this::trace);
    if (noticedNanos >= 0) {
      stats.detected(noticedNanos);
    }
    if (FlightRecords.recordsEnds()) {
      FlightRecords.exchangeEnded(
          subject().forFlightRecorder(),
          decided.kind().name(),
          decided.departure().map(departure -> departure.evidence().name()).orElse(null),
          decided.after().toNanos(),
          noticedNanos,
          sent);
    }
    if (decided.kind() == End.Kind.DISCONNECTED && !stats.listeners().isEmpty()) {
      Optional<Duration> took =
          noticedNanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(noticedNanos));
      Subject of = subject();
      tell(new SafeAsyncStats.Disconnected(of.number(), of.method(), of.path(), decided, took));
    }
  }

  private void trace(Departure departure) {
    Consumer<Departure> traced = trace;
    if (traced != null) {
      Attempt.to(about, "trace a departure", () -> traced.accept(departure));
    }
  }

  private void tell(SafeAsyncStats.Disconnected disconnected) {
    scope.callBack(
        about,
        () -> {
          for (Consumer<? super SafeAsyncStats.Disconnected> each : scope.stats().listeners()) {
            try {
              each.accept(disconnected);
            } catch (Throwable failure) {
              Log.listenerFailed(about, failure);
            }
          }
        });
  }
}
