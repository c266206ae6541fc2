package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.guard.GuardedReadListener;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the container does of its own accord: it tells of an exchange's cycles, is left to end what
 * it has to end by itself, and ends some without a word.
 *
 * <p>It tells on its threads, on Tomcat under its lock of the connection; each event comes before
 * the container gives its objects to another request, so none returns while a call of another
 * thread is inside.
 */
final class ContainerEvents {

  /** How long a container's own thread waits for calls that are inside the container. */
  private static final long QUIET_MILLIS = 1000;

  /** How long a container may take to end by itself what it has been left. */
  private static final Duration CONTAINER_WAIT = Duration.ofSeconds(1);

  /** How long an error page may take where the container tells when it is done. */
  private static final Duration PAGE_WAIT = Duration.ofSeconds(60);

  /** How long it waits for reads, which the container itself lets go where the client has gone. */
  private static final long READS_MILLIS = 100;

  private final Exchange exchange;
  private final Lifecycle lifecycle;

  /** The container's thread that tells. */
  private volatile @Nullable Thread telling;

  /** Set while the container is left to end by itself. */
  private volatile @Nullable Future<?> due;

  /** What a write has failed with that is a limit of this side's; the container may cut it off. */
  private volatile @Nullable Throwable writeLimit;

  /** Whether the container had ended it by itself when last looked. By the timer's thread. */
  private boolean foundEnded;

  /** The cycle whose timeout the container has begun to wait for, and when that was seen first. */
  private @Nullable AsyncCycle timed;

  private long timedNanos;

  ContainerEvents(Exchange exchange) {
    this.exchange = exchange;
    this.lifecycle = exchange.lifecycle();
  }

  /**
   * Whether the calling thread is the container's, in one of these events: see {@link
   * io.github.safeasync.internal.guard.Gate}.
   */
  boolean isTelling() {
    return telling == Thread.currentThread();
  }

  /** Tells the application's listeners; the container's objects are this request's meanwhile. */
  private void tell(Runnable listeners) {
    Thread before = telling;
    telling = Thread.currentThread();
    try {
      listeners.run();
    } finally {
      telling = before;
    }
  }

  private boolean isCurrent(AsyncCycle cycle) {
    return cycle == exchange.cycles().current();
  }

  /** Undertow tells the cycles before as well, whose listeners a new cycle has cleared. */
  void completed(AsyncCycle of, @Nullable Throwable failure) {
    if (isCurrent(of)) {
      completes();
      // A failure is told before the completion.
      leftByServlet();
      boolean unused = exchange.termination().tell();
      boolean gone = failure != null && showsDeparture(failure);
      tell(() -> exchange.termination().completed(of, gone ? null : failure));
      lifecycle.depart();
      leaveForGood();
    }
  }

  /**
   * The application's listeners go first, and may still complete or dispatch. What they ask for is
   * carried out on this thread, the only one on which Jetty does so, before this returns: it is
   * inside meanwhile, so that another thread that comes out of the container is not the last. An
   * end that comes meanwhile is told when they have returned, as by a container; otherwise the
   * thread that tells of it would run them.
   */
  void timedOut(AsyncCycle of) {
    boolean inside = lifecycle.enter();
    try {
      if (lifecycle.enterCallback()) {
        try {
          if (exchange.isLive()) {
            tell(() -> exchange.termination().tell(of, CycleListeners.Kind.TIMEOUT, null));
          }
        } finally {
          exchange.exitCallback();
        }
      }
      if (isCurrent(of) && lifecycle.isOpen()) {
        decideForContainer(End.of(End.Kind.TIMED_OUT, exchange.age()));
      }
    } finally {
      leaveQuietly(inside);
    }
  }

  /** Where the client has gone nobody is left to be answered, so the end comes first. */
  void failed(AsyncCycle of, @Nullable Throwable cause) {
    if (!isCurrent(of)) {
      tell(() -> exchange.termination().tell(of, CycleListeners.Kind.ERROR, cause));
    } else if (cause == null || isDecided() || showsDeparture(cause)) {
      if (isCompletedByApplication() && !exchange.container().isCut()) {
        // As from inside a ReadListener's onError; Tomcat tells this all the same, and may not
        // say of what.
        Throwable told = cause == null ? exchange.disconnectedException() : cause;
        tell(() -> exchange.termination().tell(of, CycleListeners.Kind.ERROR, told));
      }
      lost(cause);
      leftByServlet();
      // Jetty tells of no completion after it.
      leaveForGood();
    } else {
      boolean inside = lifecycle.enter();
      try {
        failed(of, cause, exchange.isLive());
      } finally {
        leaveQuietly(inside);
      }
    }
  }

  /** As {@link #timedOut}, for a failure of the application's that the container has met. */
  private void failed(AsyncCycle of, Throwable cause, boolean live) {
    tell(() -> exchange.termination().tell(of, CycleListeners.Kind.ERROR, cause));
    if (lifecycle.isOpen()) {
      decideForContainer(End.failed(cause, exchange.age()));
    } else if (!live) {
      lifecycle.leaveToContainer();
    }
  }

  private boolean isCompletedByApplication() {
    End decided = lifecycle.decidedEnd();
    return decided != null && decided.kind() == End.Kind.COMPLETED;
  }

  /** Whether the failure is of what has been cut off, or left, already. */
  private boolean isDecided() {
    return exchange.isDisconnected() || exchange.container().isCut();
  }

  private boolean showsDeparture(Throwable failure) {
    return ConnectionFailures.showDeparture(failure, exchange.container().connection());
  }

  // What it is left to do by itself.

  /** It completes by itself. */
  void completes() {
    if (!exchange.isLive() || !exchange.decide(End.of(End.Kind.COMPLETED, exchange.age()), true)) {
      lifecycle.leaveToContainer();
    }
  }

  /** It has found the connection lost. */
  private void lost(@Nullable Throwable cause) {
    Departure departure = exchange.container().departure();
    if (!exchange.decide(End.disconnected(departure, exchange.age(), cause), false)) {
      lifecycle.leaveToContainer();
    }
  }

  /** It answers, unless the library is to answer. */
  private void decideForContainer(End decided) {
    if (exchange.decide(decided, exchange.application() == null)
        && lifecycle.containerCompletes()) {
      // Jetty does not tell of a completion after an error.
      awaitContainer(exchange.container().completesOnDispatchThread() ? PAGE_WAIT : CONTAINER_WAIT);
    }
  }

  /** Whatever went through the filter has reached the container, which tells of it. */
  private void leftByServlet() {
    if (lifecycle.servlet() == null) {
      lifecycle.depart();
    }
  }

  /** It is left to answer what went through the filter, and to end the request. */
  void awaitEnd(boolean atOnce) {
    awaitContainer(atOnce ? Duration.ZERO : CONTAINER_WAIT);
  }

  /** It goes on with what comes after the filter, such as a page for an error. */
  void leaveToPage() {
    leaveQuietly();
    awaitContainer(PAGE_WAIT);
  }

  /** What the container does not end by itself in time the library does: nobody else would. */
  private void awaitContainer(Duration most) {
    due =
        exchange
            .scope()
            .scheduleSurely(
                exchange,
                () ->
                    exchange
                        .scope()
                        .settle(
                            exchange,
                            () -> {
                              lifecycle.depart();
                              exchange.settle();
                            }),
                most);
  }

  /** The container's side is closed: nothing is awaited any more. */
  void closed() {
    Future<?> awaited = due;
    if (awaited != null) {
      awaited.cancel(false);
    }
  }

  // What it tells nobody.

  /** A write has failed by a limit of this side's: the container may cut the response off. */
  void limited(Throwable failure) {
    writeLimit = failure;
  }

  /**
   * On the timer's thread, once in a while: ends what the container has ended by itself. It may be
   * about to tell of that, so what is found has to last until the next look.
   */
  void look() {
    boolean before = foundEnded;
    foundEnded = exchange.isLive() && exchange.container().isEndedByContainer();
    if (before && foundEnded) {
      endedByContainer();
    } else if (isTimeoutHeldUp()) {
      exchange.timedOut();
    } else if (isTimeoutLost()) {
      exchange.scope().settle(exchange, this::repeatTimeout);
    }
  }

  /** Whether the container still waits for a timeout that has been over for a second. */
  private boolean isTimeoutLost() {
    AsyncCycle now = exchange.cycles().current();
    if (now == null || now.timeout() <= 0 || !lifecycle.isOpen()) {
      timed = null;
      return false;
    }
    // A cycle's timer is set once, so that of thousands that wait none is asked again meanwhile.
    if (timed == now && !now.isOverdue(timedNanos)) {
      return false;
    }
    if (!exchange.container().isTimeoutPending()) {
      timed = null;
      return false;
    }
    if (timed != now) {
      timed = now;
      timedNanos = System.nanoTime();
    }
    return now.isOverdue(timedNanos);
  }

  private void repeatTimeout() {
    if (lifecycle.enter()) {
      try {
        exchange.container().timeOut();
      } finally {
        exchange.exit();
      }
    }
  }

  /**
   * Whether the container's timeout waits for the lock that a write holds, which waits for the
   * client: on Tomcat, whose lock no write holds for so long without the library.
   */
  private boolean isTimeoutHeldUp() {
    AsyncCycle now = exchange.cycles().current();
    return now != null
        && now.isOverdue()
        && lifecycle.isSending()
        && exchange.container().writeLock() != null;
  }

  /** Nobody was told: of Jetty's abort, and of a listener that has thrown, containers do not. */
  private void endedByContainer() {
    Throwable limit = writeLimit;
    if (limit != null) {
      // The client may be there still, and slow.
      exchange.endElsewhere(End.failed(limit, exchange.age()));
    } else if (exchange.container().isCutOff()) {
      exchange.endElsewhere(End.disconnected(ContainerObjects.cutOff(), exchange.age(), null));
    } else if (lifecycle.isOpen()) {
      String why = "The container has ended the request by itself, before it was completed";
      exchange.endElsewhere(End.failed(new IOException(why), exchange.age()));
    } else {
      exchange.endElsewhere(End.of(End.Kind.COMPLETED, exchange.age()));
    }
  }

  // How its thread leaves.

  /** No call of another thread may be inside when the container's own thread goes on. */
  void leaveQuietly() {
    leaveQuietly(false);
  }

  /**
   * As {@link #leaveQuietly()}, from the last that the container tells, if it completes by itself:
   * whom another thread still tells of the end is answered by what is remembered from now on.
   */
  private void leaveForGood() {
    leaveQuietly();
    lifecycle.takenBack();
    boolean unused = lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * As {@link #leaveQuietly()}.
   *
   * @param inside whether the calling thread is counted in, and comes out as the last
   */
  private void leaveQuietly(boolean inside) {
    if (!awaitQuiet()) {
      lifecycle.leaveToContainer();
    }
    if (inside) {
      exchange.cycles().dispatchInEvent();
      boolean unused = lifecycle.exit();
    }
    if (!exchange.isLive()) {
      leaveBody();
    }
    exchange.cycles().dispatchIfWanted();
    if (isInOwnCall()) {
      exchange.termination().tell();
    } else {
      exchange.termination().tellHere();
    }
    exchange.termination().lingered();
    exchange.termination().close();
  }

  /**
   * Whether the container is calling from inside a call of the library's, on a thread that must not
   * run code of the application: a writer's, a settler's, an I/O thread.
   */
  boolean isInOwnCall() {
    ApplicationObjects taken = exchange.application();
    return exchange.termination().isClosing() || (taken != null && taken.sink().isInside());
  }

  /** Returns whether the calling thread is alone with the container; false after a while. */
  boolean awaitQuiet() {
    boolean quiet = lifecycle.awaitQuiet(Exchange.WRITE_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    if (!quiet) {
      exchange.failWrites();
      quiet = lifecycle.awaitQuiet(QUIET_MILLIS, TimeUnit.MILLISECONDS);
    }
    if (!quiet) {
      Log.stuck(exchange.subject() + ", " + lifecycle);
    }
    return quiet;
  }

  /** The container takes its objects back: what was not read until now is not read any more. */
  private void leaveBody() {
    End decided = Objects.requireNonNull(lifecycle.decidedEnd());
    if (decided.kind() == End.Kind.DISCONNECTED) {
      lifecycle.awaitReads(READS_MILLIS, TimeUnit.MILLISECONDS);
    }
    lifecycle.abandonReads();
    exchange.termination().remember();
    GuardedReadListener reading =
        decided.kind() == End.Kind.COMPLETED ? null : exchange.body().listener();
    if (reading != null && isInOwnCall()) {
      exchange.scope().callBack(exchange, reading::end);
    } else if (reading != null) {
      reading.end();
    }
    exchange.body().left();
  }
}
