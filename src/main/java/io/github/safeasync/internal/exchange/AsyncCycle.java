package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.container.ConnectionFailures;
import io.github.safeasync.internal.guard.CycleAccess;
import io.github.safeasync.internal.guard.GuardedAsyncContext;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.internal.guard.Rewrapping;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous cycle of an exchange, from startAsync to complete or dispatch: the container's
 * AsyncContext and the application's side of it.
 */
final class AsyncCycle implements CycleAccess, CycleEvents.Told {

  private final Exchange exchange;
  private final AsyncContext container;
  private final CycleEvents events = new CycleEvents(this);
  private final GuardedAsyncContext guarded;
  private final CycleListeners listeners;
  private volatile boolean originals;
  private volatile long timeout;
  private final long startedNanos = System.nanoTime();
  private volatile @Nullable AsyncCycle next;
  private volatile boolean claimedWithWrappers;
  private volatile boolean dispatched;

  // Set before the application sees the context.
  private @Nullable ServletRequest request;
  private @Nullable ServletResponse response;

  AsyncCycle(Exchange exchange, AsyncContext container) {
    this.exchange = exchange;
    this.container = container;
    this.guarded = new GuardedAsyncContext(this, exchange.gate());
    this.listeners = new CycleListeners(guarded, this::isOfDeparture);
    // Undertow takes what a filter has wrapped for the original where startAsync has no arguments.
    this.originals =
        container.hasOriginalRequestAndResponse()
            || (container.getRequest() instanceof GuardedRequest
                && container.getResponse() instanceof GuardedResponse);
    this.timeout = container.getTimeout();
  }

  /** Whether a listener has thrown what its container has thrown of this request's lost client. */
  private boolean isOfDeparture(Throwable failure) {
    return exchange.isDisconnected() && ConnectionFailures.showDeparture(failure);
  }

  /** Says what the application gave to startAsync; the guards of the originals if nothing. */
  void startedWith(ServletRequest given, ServletResponse own) {
    request = given;
    response = own;
    // Tomcat tells of a cycle before it has given it its timeout.
    timeout = container.getTimeout();
  }

  /** Says what the application gave to startAsync of a cycle that the library had started. */
  void claimedWith(ServletRequest given, ServletResponse own) {
    boolean guards = given instanceof GuardedRequest && own instanceof GuardedResponse;
    request = given;
    response = own;
    originals = guards;
    claimedWithWrappers = !guards;
  }

  /**
   * What a dispatch has to bring: the container knows of its own request only, where the cycle was
   * started before the application gave it a wrapper; so the wrapper is put around what it brings.
   */
  ServletRequest dispatched(ServletRequest brought) {
    return claimedWithWrappers ? Rewrapping.around(brought, request()) : brought;
  }

  /** As {@link #dispatched(ServletRequest)}. */
  ServletResponse dispatched(ServletResponse brought) {
    return claimedWithWrappers ? Rewrapping.around(brought, response()) : brought;
  }

  /** The cycle that a dispatch and another startAsync have led to. */
  @Nullable AsyncCycle next() {
    return next;
  }

  void followedBy(AsyncCycle following) {
    next = following;
  }

  @Override
  public AsyncContext container() {
    return container;
  }

  /** What the container is to tell of it. */
  AsyncListener events() {
    return events;
  }

  GuardedAsyncContext guarded() {
    return guarded;
  }

  CycleListeners listeners() {
    return listeners;
  }

  @Override
  public ServletRequest request() {
    ServletRequest known = request;
    return known == null ? exchange.guardedRequest() : known;
  }

  @Override
  public ServletResponse response() {
    ServletResponse known = response;
    return known == null ? exchange.guardedResponse() : known;
  }

  @Override
  public boolean hasOriginals() {
    return originals;
  }

  @Override
  public void setTimeout(long millis) {
    container.setTimeout(millis);
    timeout = millis;
  }

  @Override
  public void claim() {
    exchange.cycles().claim();
  }

  @Override
  public void addListener(AsyncListener listener, ServletRequest given, ServletResponse own) {
    listeners.add(listener, given, own);
  }

  @Override
  public void complete() {
    exchange.cycles().complete(this);
  }

  @Override
  public void dispatch(Consumer<AsyncContext> how) {
    exchange.cycles().dispatch(this, how);
  }

  /** Has the container dispatch; by the one thread that may. */
  void dispatchBy(Consumer<AsyncContext> how) {
    dispatched = true;
    try {
      how.accept(container);
    } catch (RuntimeException refused) {
      dispatched = false;
      throw refused;
    }
  }

  @Override
  public boolean isDispatched() {
    return dispatched;
  }

  /** Whether it has outlasted its timeout, and the second within which a container tells of it. */
  boolean isOverdue() {
    return isOverdue(startedNanos);
  }

  /** As {@link #isOverdue()}, of a timeout that is counted from a later moment on. */
  boolean isOverdue(long sinceNanos) {
    long age = Duration.ofNanos(System.nanoTime() - sinceNanos).toMillis();
    return timeout > 0 && age > timeout + 1000;
  }

  @Override
  public long timeout() {
    return timeout;
  }

  // What the container tells.

  @Override
  public void completed(@Nullable Throwable failure) {
    exchange.events().completed(this, failure);
  }

  @Override
  public void timedOut() {
    exchange.events().timedOut(this);
  }

  @Override
  public void failed(@Nullable Throwable failure) {
    exchange.events().failed(this, failure);
  }

  @Override
  public void startedAgain(AsyncContext context) {
    exchange.cycles().startedByContainer(this, context);
  }
}
