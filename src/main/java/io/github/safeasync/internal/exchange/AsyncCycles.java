package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.Log;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The asynchronous cycles of one exchange, one after another: each is started by the library or by
 * the application, and ends with a complete, or with a dispatch that may lead to the next one.
 */
final class AsyncCycles {

  private final Exchange exchange;
  private final Lifecycle lifecycle;
  private volatile @Nullable AsyncCycle current;

  /** The cycle whose listeners are told before the container's startAsync has returned. */
  private @Nullable AsyncCycle upcoming;

  /** Set while the library has started a cycle that nobody has asked for. */
  private volatile boolean unclaimed;

  private volatile @Nullable Consumer<AsyncContext> wantedDispatch;

  AsyncCycles(Exchange exchange) {
    this.exchange = exchange;
    this.lifecycle = exchange.lifecycle();
  }

  /** The latest cycle; null before the first. */
  @Nullable AsyncCycle current() {
    return current;
  }

  /** Whether the library has started a cycle that the application has not asked for. */
  boolean isUnclaimed() {
    return unclaimed;
  }

  // The ways to start.

  /** Makes the request asynchronous for the library's response, unless it is. */
  void startForResponse() {
    start();
    unclaimed = false;
  }

  /** As {@link #startForResponse}, before anybody has asked for it. */
  void startEagerly() {
    start();
    unclaimed = true;
  }

  private void start() {
    if (lifecycle.starting()) {
      AsyncCycle begun =
          begin(exchange.container()::start, exchange.guardedRequest(), exchange.guardedResponse());
      if (begun == null) {
        throw new IllegalStateException(
            "startAsync() of the request behind the filter returns null, as a mock's may: there is"
                + " no asynchronous response of such a request");
      }
    }
  }

  /** The application's startAsync; the arguments are null in the form that has none. */
  @Nullable AsyncContext startAsync(
      Supplier<AsyncContext> container,
      @Nullable ServletRequest request,
      @Nullable ServletResponse own) {
    if (lifecycle.starting() || (isDispatched() && startingUnmapped()) || startingEnded()) {
      return guarded(
          begin(
              container,
              request == null ? exchange.guardedRequest() : request,
              own == null ? exchange.guardedResponse() : own));
    }
    AsyncCycle known = current;
    if (known != null && unclaimed && exchange.container().isAsyncSupported()) {
      claim();
      exchange.disarmDeadline();
      known.setTimeout(exchange.container().ownTimeout());
      if (request != null && own != null) {
        known.claimedWith(request, own);
      }
      return known.guarded();
    }
    // Started twice: the container says so. After the end: nothing to start.
    return known == null
        ? container.get()
        : exchange.gate().readWhileOpen(() -> guarded(container.get()), known.guarded());
  }

  /** The application makes the cycle its own, by using it: a look at it is none. */
  void claim() {
    if (unclaimed) {
      unclaimed = false;
    }
  }

  /** The application's getAsyncContext; null if the container's is, as with a mock. */
  @Nullable AsyncContext asyncContext(Supplier<AsyncContext> container) {
    AsyncCycle known = current;
    if (known != null && !lifecycle.isFree()) {
      return exchange.gate().readWhileOpen(() -> guarded(container.get()), known.guarded());
    }
    @Nullable AsyncContext started = container.get();
    if (started != null && lifecycle.starting()) {
      return guarded(begin(() -> started, exchange.guardedRequest(), exchange.guardedResponse()));
    }
    return started;
  }

  /** Claims a cycle where the filter is not mapped to the dispatch that has led here. */
  private boolean startingUnmapped() {
    return lifecycle.arriveUnmapped() && lifecycle.starting();
  }

  private boolean isDispatched() {
    HttpServletRequest request = exchange.container().request();
    return lifecycle.servlet() == null
        && request != null
        && request.getDispatcherType() == DispatcherType.ASYNC;
  }

  /** The client has left in a dispatch, of which the servlet knows nothing yet. */
  private boolean startingEnded() {
    HttpServletRequest request = exchange.container().request();
    return request != null && lifecycle.startsEnded() && !request.isAsyncStarted();
  }

  private static @Nullable AsyncContext guarded(@Nullable AsyncCycle begun) {
    return begun == null ? null : begun.guarded();
  }

  private AsyncContext guarded(AsyncContext container) {
    AsyncCycle known = current;
    return known == null ? container : known.guarded();
  }

  /**
   * Starts a cycle. By the thread that has claimed it from the lifecycle.
   *
   * @return null where the container returns null, so that nothing has begun
   */
  private @Nullable AsyncCycle begin(
      Supplier<AsyncContext> container, ServletRequest request, ServletResponse own) {
    AsyncCycle before = current;
    AsyncContext started = null;
    AsyncCycle begun = null;
    try {
      started = container.get();
      if (started == null) {
        return null;
      }
      AsyncCycle now = upcoming == null ? new AsyncCycle(exchange, started) : upcoming;
      upcoming = null;
      now.startedWith(request, own);
      adopt(now, started);
      begun = now;
    } finally {
      if (begun == null) {
        lifecycle.notStarted();
        exchange.notBegun();
        leaveToContainer(started);
      } else if (!lifecycle.started()) {
        exchange.container().complete(begun.container());
      }
    }
    if (before != null) {
      tellStart(before, begun);
    }
    exchange.begun();
    return begun;
  }

  /**
   * Nobody of ours hears of its end: it ends by the container's timeout, if by nothing else, which
   * the library takes away from what it starts itself.
   */
  private void leaveToContainer(@Nullable AsyncContext started) {
    long taken = exchange.container().ownTimeout();
    if (started != null && taken > 0) {
      Attempt.to(exchange, "arm the container's timeout", () -> started.setTimeout(taken));
    }
  }

  private void adopt(AsyncCycle begun, AsyncContext started) {
    started.addListener(begun.events());
    AsyncCycle before = current;
    if (before == null) {
      exchange.markRequest();
    } else {
      before.followedBy(begun);
      before.guarded().closed();
    }
    current = begun;
    exchange.container().started(started);
  }

  /**
   * A cycle was started after a dispatch: by the guarded request, which waits for it, or by an
   * object of the container's that went around it. Undertow tells it when the servlet has returned,
   * which is too late: the next cycle may be over by then.
   */
  void startedByContainer(AsyncCycle before, AsyncContext started) {
    AsyncCycle next = before.next();
    if (next == null && lifecycle.isStarting()) {
      next = new AsyncCycle(exchange, started);
      upcoming = next;
    } else if (next == null && before == current && (lifecycle.starting() || startingUnmapped())) {
      next = begin(() -> started, exchange.guardedRequest(), exchange.guardedResponse());
    }
    if (next != null) {
      tellStart(before, next);
    }
  }

  /** The listeners of a cycle may follow their request into the next one. */
  private static void tellStart(AsyncCycle before, AsyncCycle next) {
    before.listeners().tell(CycleListeners.Kind.START_ASYNC, null, next.guarded());
  }

  // The application's ways out of a cycle.

  /** The application's complete. */
  void complete(AsyncCycle of) {
    claim();
    switch (lifecycle.phase()) {
      case OPEN -> {
        if (of == current) {
          exchange.completedByApplication();
        }
      }
      // Too late or too early: the container says so.
      case NEW, STARTING, DISPATCHING, DISPATCHED, RESUMED, RESTARTING -> of.container().complete();
      case ENDED, TELLING, LINGERING -> exchange.body().left();
      case TOLD, CLOSING, CLOSED -> {}
    }
  }

  /** The application's dispatch, in any of its forms. */
  void dispatch(AsyncCycle of, Consumer<AsyncContext> how) {
    claim();
    if (of == current && lifecycle.dispatching()) {
      exchange.disarmDeadline();
      wantedDispatch = how;
      if (lifecycle.exit()) {
        RuntimeException refused = dispatchWanted();
        exchange.settle();
        if (refused != null) {
          throw refused;
        }
      } else {
        exchange.letWritersOut();
      }
    } else if (exchange.isLive()) {
      how.accept(of.container());
    } else if (of == current && exchange.events().isTelling() && lifecycle.dispatchingEnded()) {
      // What a listener of the container's asks for is carried out, as it has not heard of the end.
      exchange.termination().remember();
      of.dispatchBy(how);
    } else {
      exchange.body().left();
    }
  }

  /** Dispatches, if that is wanted, nothing is inside and nobody else does. */
  void dispatchIfWanted() {
    logged(dispatchWanted());
  }

  /**
   * As {@link #dispatchIfWanted}, on the container's thread that has run its listeners and is
   * inside: where the client has left since one of them has asked for the dispatch, the container
   * carries it out all the same, as what it has been told in its own event.
   */
  void dispatchInEvent() {
    Consumer<AsyncContext> how = wantedDispatch;
    AsyncCycle now = current;
    if (how == null || now == null) {
      return;
    }
    if (lifecycle.claimDispatchInside()) {
      logged(dispatch(now, how, this::notDispatched));
    } else if (exchange.isDisconnected() && lifecycle.dispatchingEnded()) {
      logged(dispatch(now, how, () -> {}));
    }
  }

  private void logged(@Nullable RuntimeException refused) {
    if (refused != null) {
      Log.refused(exchange, "a dispatch", refused);
    }
  }

  private @Nullable RuntimeException dispatchWanted() {
    Consumer<AsyncContext> how = wantedDispatch;
    AsyncCycle now = current;
    return how != null && now != null && lifecycle.claimDispatch()
        ? dispatch(now, how, this::notDispatched)
        : null;
  }

  private void notDispatched() {
    lifecycle.notDispatched();
    exchange.notDispatched();
  }

  /** By the one thread that has claimed it. */
  private @Nullable RuntimeException dispatch(
      AsyncCycle now, Consumer<AsyncContext> how, Runnable otherwise) {
    wantedDispatch = null;
    try {
      // The end may come before the container's thread is back, which then looks after the rest.
      exchange.termination().remember();
      now.dispatchBy(how);
      return null;
    } catch (RuntimeException e) {
      otherwise.run();
      return e;
    }
  }
}
