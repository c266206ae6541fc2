package io.github.safeasync.internal.exchange;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.body.Outbox;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.Connections;
import io.github.safeasync.internal.detect.Detector;
import io.github.safeasync.internal.detect.DetectorSettings;
import io.github.safeasync.internal.detect.HangUpListener;
import io.github.safeasync.internal.detect.HangUpWatch;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the exchanges of one filter share: the settings, the threads and the detector. Thread-safe.
 */
public final class FilterScope implements Cancellation.Canceller {

  /** How long a shutdown waits for listeners. */
  private static final long SHUTDOWN_SECONDS = 5;

  private final SafeAsyncConfig config;
  private final CancelSettings cancelSettings;
  private final Outbox.Limits limits;
  private final Workers workers;
  private final Detector detector;
  private final ExchangeStats stats;
  private final Set<Cancellation> delayed = ConcurrentHashMap.newKeySet();
  private final AtomicLong numbers = new AtomicLong();
  private volatile boolean shutDown;

  public FilterScope(SafeAsyncConfig config) {
    this(config, new ExchangeStats());
  }

  FilterScope(SafeAsyncConfig config, ExchangeStats stats) {
    this.config = config;
    this.stats = stats;
    this.cancelSettings = cancelSettings(config);
    this.limits =
        new Outbox.Limits(
            config.maxPendingBytes(),
            config.pendingLimit(),
            config.overLimit(),
            config.writeTimeout());
    this.workers = new Workers(config.executor());
    workers.startTimer();
    this.detector = Detector.start(detectorSettings(config));
  }

  /** How the detector works: with every layer, but where the JVM is told otherwise. */
  static DetectorSettings detectorSettings(SafeAsyncConfig config) {
    return DetectorSettings.installed()
        .withGrace(config.detectAfter())
        .withHalfClose(config.halfClose())
        .withKeepAlive(config.keepalive());
  }

  static CancelSettings cancelSettings(SafeAsyncConfig config) {
    return new CancelSettings(
        config.cancel(),
        config.cancelOn(),
        config.cancelAfter(),
        config.watch() == SafeAsyncConfig.Watch.SYNC);
  }

  SafeAsyncConfig config() {
    return config;
  }

  ExchangeStats stats() {
    return stats;
  }

  CancelSettings cancelSettings() {
    return cancelSettings;
  }

  Outbox.Limits limits() {
    return limits;
  }

  /** Returns a number that no exchange has had. */
  long nextNumber() {
    return numbers.incrementAndGet();
  }

  Future<?> schedule(Object about, Runnable task, Duration delay) {
    return workers.schedule(about, task, delay);
  }

  /** As {@link #schedule}, for what is to be done even if the filter is shut down before. */
  Future<?> scheduleSurely(Object about, Runnable task, Duration delay) {
    return workers.scheduleSurely(about, task, delay);
  }

  /** Runs a task that hands bytes to a container. */
  void write(Runnable task) {
    workers.write(task);
  }

  /** Runs code of the application. */
  void callBack(Object about, Runnable task) {
    workers.callBack(about, task);
  }

  /** Does what is left to do of an end, on a thread that no code of the application occupies. */
  void settle(Object about, Runnable task) {
    workers.settle(about, task);
  }

  /** Runs what the application gave to AsyncContext.start, and no container takes any more. */
  void start(Object about, Runnable task) {
    workers.start(about, task);
  }

  @Override
  public void cancel(Object about, Runnable task) {
    workers.cancel(about, task);
  }

  @Override
  public Handle cancelLater(Cancellation cancellation, Duration delay) {
    delayed.add(cancellation);
    Runnable fire =
        () -> {
          delayed.remove(cancellation);
          cancellation.fire();
        };
    if (shutDown) {
      fire.run();
      return () -> false;
    }
    Future<?> due = workers.schedule(cancellation, fire, delay);
    return () -> {
      delayed.remove(cancellation);
      return due.cancel(false);
    };
  }

  @Override
  public void cancelled(SafeAsyncStats.Work kind) {
    stats.countCancelled(kind);
  }

  /** Returns in what ways hang-ups are noticed, as soon as that is known. */
  CompletionStage<String> detection() {
    return detector.described();
  }

  /** Watches the connection of an exchange; what is told is told on the watcher's thread. */
  HangUpWatch watch(Connection connection, HangUpListener gone) {
    return detector.watchExchange(connection, gone);
  }

  /** How many exchanges' connections are watched, for tests. */
  public int watching() {
    return detector.watching();
  }

  /** How many channels are registered with the watcher, for tests. */
  public int keys() {
    return detector.keys();
  }

  /** How many looks polling has made at connections, for the benchmarks. */
  public long polls() {
    return detector.polls();
  }

  /** Reaches the connection behind a request, on the thread that handles it. */
  Connection connectionOf(HttpServletRequest request) {
    return Connections.behind(request);
  }

  /** From now on no work waits for its time to be cancelled. */
  void shuttingDown() {
    shutDown = true;
  }

  /** Cancels what waits for its time, and stops the threads. */
  public void shutDown() {
    shutDown = true;
    try {
      delayed.forEach(each -> Attempt.to(each, "cancel the work", each::fire));
      delayed.clear();
    } finally {
      Attempt.to("the filter", "stop the detector", detector::close);
      Attempt.to(
          "the filter",
          "stop the workers",
          () -> workers.shutDown(SHUTDOWN_SECONDS, TimeUnit.SECONDS));
    }
  }
}
