package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.internal.container.ConnectionFailures;
import org.jspecify.annotations.Nullable;

/**
 * What the container tells of an exchange's cycles. On its threads, on Tomcat under its lock of the
 * connection; each event comes before the container gives its objects to another request, so none
 * returns while a call of another thread is inside.
 */
final class ContainerEvents {

  private final Exchange exchange;
  private final Lifecycle lifecycle;

  /** The container's thread that tells. */
  private volatile @Nullable Thread telling;

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
      exchange.completedByContainer();
      // A failure is told before the completion.
      exchange.leftByServlet();
      boolean unused = exchange.closing().tell();
      boolean gone = failure != null && showsDeparture(failure);
      tell(() -> exchange.closing().completed(of, gone ? null : failure));
      lifecycle.depart();
      exchange.leaveForGood();
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
            tell(() -> exchange.closing().tell(of, CycleListeners.Kind.TIMEOUT, null));
          }
        } finally {
          exchange.exitCallback();
        }
      }
      if (isCurrent(of) && lifecycle.isOpen()) {
        exchange.decideForContainer(End.of(End.Kind.TIMED_OUT, exchange.age()));
      }
    } finally {
      exchange.leaveQuietly(inside);
    }
  }

  /** Where the client has gone nobody is left to be answered, so the end comes first. */
  void failed(AsyncCycle of, @Nullable Throwable cause) {
    if (!isCurrent(of)) {
      tell(() -> exchange.closing().tell(of, CycleListeners.Kind.ERROR, cause));
    } else if (cause == null || isDecided() || showsDeparture(cause)) {
      if (isCompletedByApplication() && !exchange.side().isCut()) {
        // As from inside a ReadListener's onError; Tomcat tells this all the same, and may not say
        // of
        // what.
        Throwable told = cause == null ? exchange.disconnectedException() : cause;
        tell(() -> exchange.closing().tell(of, CycleListeners.Kind.ERROR, told));
      }
      exchange.lostByContainer(exchange.side().departure(), cause);
      exchange.leftByServlet();
      // Jetty tells of no completion after it.
      exchange.leaveForGood();
    } else {
      boolean inside = lifecycle.enter();
      try {
        failed(of, cause, exchange.isLive());
      } finally {
        exchange.leaveQuietly(inside);
      }
    }
  }

  /** As {@link #timedOut}, for a failure of the application's that the container has met. */
  private void failed(AsyncCycle of, Throwable cause, boolean live) {
    tell(() -> exchange.closing().tell(of, CycleListeners.Kind.ERROR, cause));
    if (lifecycle.isOpen()) {
      exchange.decideForContainer(End.failed(cause, exchange.age()));
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
    return exchange.isDisconnected() || exchange.side().isCut();
  }

  private boolean showsDeparture(Throwable failure) {
    return ConnectionFailures.showDeparture(failure, exchange.side().connection());
  }
}
