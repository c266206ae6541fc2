package io.github.safeasync;

import io.github.safeasync.container.Connection;
import io.github.safeasync.container.Connections;
import io.github.safeasync.detect.Detector;
import io.github.safeasync.detect.Watch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** The open exchanges of one filter, and the threads that serve them. Thread-safe. */
final class Exchanges implements Cancellation.Canceller {

  /** How often it is looked for exchanges that a container has ended without telling anybody. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** How long a shutdown waits for listeners. */
  private static final long SHUTDOWN_SECONDS = 5;

  private final SafeAsyncConfig config;
  private final Outbox.Limits limits;
  private final Workers workers;
  private final Detector detector;
  private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
  private final Set<Cancellation> delayed = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile boolean shutDown;

  Exchanges(SafeAsyncConfig config) {
    this.config = config;
    this.limits =
        new Outbox.Limits(
            config.maxPendingBytes(),
            config.pendingLimit(),
            config.overLimit(),
            config.writeTimeout());
    this.workers = new Workers(config.executor());
    this.detector = Detector.start(config.detectorSettings());
  }

  SafeAsyncConfig config() {
    return config;
  }

  Outbox.Limits limits() {
    return limits;
  }

  Exchange open(HttpServletRequest request, HttpServletResponse response) {
    return new Exchange(this, request, response);
  }

  /** An exchange has become asynchronous. */
  void opened(Exchange exchange) {
    open.add(exchange);
    if (!looking.get() && looking.compareAndSet(false, true)) {
      Future<?> unused = workers.schedule(this::look, LOOK);
    }
    if (shutDown) {
      exchange.shutDown();
    }
  }

  /** On the timer's thread; as long as there is something to look at. */
  private void look() {
    for (Exchange exchange : open) {
      Attempt.to("look at a request in its container", exchange::lookAtContainer);
    }
    looking.set(false);
    if (!open.isEmpty() && looking.compareAndSet(false, true)) {
      Future<?> unused = workers.schedule(this::look, LOOK);
    }
  }

  /** An exchange has ended and lets go of the container. */
  void ended(Exchange exchange) {
    open.remove(exchange);
  }

  int size() {
    return open.size();
  }

  Future<?> schedule(Runnable task, Duration delay) {
    return workers.schedule(task, delay);
  }

  /** Runs a task that hands bytes to a container. */
  void write(Runnable task) {
    workers.write(task);
  }

  /** Runs code of the application. */
  void callBack(Runnable task) {
    workers.callBack(task);
  }

  /** Does what is left to do of an end, on a thread that no code of the application occupies. */
  void settle(Runnable task) {
    workers.settle(task);
  }

  /** Runs what the application gave to AsyncContext.start, and no container takes any more. */
  void start(Runnable task) {
    workers.start(task);
  }

  @Override
  public void cancel(Runnable task) {
    workers.cancel(task);
  }

  @Override
  public void cancelLater(Cancellation cancellation, Duration delay) {
    delayed.add(cancellation);
    Runnable fire =
        () -> {
          delayed.remove(cancellation);
          cancellation.fire();
        };
    if (shutDown) {
      fire.run();
    } else {
      Future<?> unused = workers.schedule(fire, delay);
    }
  }

  /** Answers in what ways hang-ups are noticed, as soon as that is known. */
  CompletionStage<String> detection() {
    return detector.described();
  }

  /** Watches the connection of an exchange; what is told is told on the watcher's thread. */
  Watch watch(Connection connection, Consumer<Departure> gone) {
    return detector.watch(connection, gone);
  }

  /** How many exchanges' connections are watched, for tests. */
  int watching() {
    return detector.watching();
  }

  /** How many channels are registered with the watcher, for tests. */
  int keys() {
    return detector.keys();
  }

  /** How many looks polling has made at connections, for the benchmarks. */
  long polls() {
    return detector.polls();
  }

  /** Reaches the connection behind a request, on the thread that handles it. */
  Connection connectionOf(HttpServletRequest request) {
    return Connections.behind(request);
  }

  /**
   * Ends every open exchange and lets its listeners run.
   *
   * @return how many were open
   */
  int shutDown() {
    shutDown = true;
    int ended = 0;
    try {
      for (Exchange exchange : open) {
        ended += shutDown(exchange) ? 1 : 0;
      }
      delayed.forEach(each -> Attempt.to("cancel the work of an exchange", each::fire));
      delayed.clear();
    } finally {
      Attempt.to("stop the detector", detector::close);
      Attempt.to("stop the workers", () -> workers.shutDown(SHUTDOWN_SECONDS, TimeUnit.SECONDS));
    }
    return ended;
  }

  private static boolean shutDown(Exchange exchange) {
    try {
      return exchange.shutDown();
    } catch (Throwable failure) {
      Log.stepFailed("end an exchange at the shutdown", failure);
      return false;
    }
  }
}
