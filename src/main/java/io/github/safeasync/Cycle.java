package io.github.safeasync;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * One asynchronous cycle of an exchange, from startAsync to complete or dispatch: the container's
 * AsyncContext and the application's side of it. It is the only AsyncListener that the container
 * knows, so the first in order.
 */
final class Cycle implements AsyncListener {

  private final Exchange exchange;
  private final AsyncContext container;
  private final GuardedAsyncContext guarded;
  private final CycleListeners listeners;
  private final boolean originals;
  private volatile long timeout;
  private volatile @Nullable Cycle next;

  // Set before the application sees the context.
  private @Nullable ServletRequest request;
  private @Nullable ServletResponse response;

  Cycle(Exchange exchange, AsyncContext container) {
    this.exchange = exchange;
    this.container = container;
    this.guarded = new GuardedAsyncContext(this, exchange);
    this.listeners = new CycleListeners(guarded);
    // Undertow takes what a filter has wrapped for the original where startAsync has no arguments.
    this.originals =
        container.hasOriginalRequestAndResponse()
            || (container.getRequest() instanceof GuardedRequest
                && container.getResponse() instanceof GuardedResponse);
    this.timeout = container.getTimeout();
  }

  /** Says what the application gave to startAsync; the guards of the originals if nothing. */
  void startedWith(ServletRequest given, ServletResponse own) {
    request = given;
    response = own;
    // Tomcat tells of a cycle before it has given it its timeout.
    timeout = container.getTimeout();
  }

  /** The cycle that a dispatch and another startAsync have led to. */
  @Nullable Cycle next() {
    return next;
  }

  void followedBy(Cycle following) {
    next = following;
  }

  AsyncContext container() {
    return container;
  }

  GuardedAsyncContext guarded() {
    return guarded;
  }

  CycleListeners listeners() {
    return listeners;
  }

  ServletRequest request() {
    ServletRequest known = request;
    return known == null ? exchange.guardedRequest() : known;
  }

  ServletResponse response() {
    ServletResponse known = response;
    return known == null ? exchange.guardedResponse() : known;
  }

  boolean hasOriginals() {
    return originals;
  }

  void setTimeout(long millis) {
    container.setTimeout(millis);
    timeout = millis;
  }

  long timeout() {
    return timeout;
  }

  // What the container tells. On its threads, on Tomcat under its lock of the connection.

  @Override
  public void onComplete(AsyncEvent event) {
    exchange.events().completed(this, event.getThrowable());
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    exchange.events().timedOut(this);
  }

  @Override
  public void onError(AsyncEvent event) {
    exchange.events().failed(this, event.getThrowable());
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    exchange.cycles().startedByContainer(this, event.getAsyncContext());
  }
}
