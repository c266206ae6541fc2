package io.github.safeasync.internal.exchange;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.internal.guard.LostClient;
import io.github.safeasync.internal.guard.RequestBody;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A call of the filter: the first of a request, a further one of its exchange, or one after it. */
final class FilterCall {

  private FilterCall() {}

  static void doFilter(
      Exchanges exchanges, ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Exchange known = Exchange.of(request);
    if (known != null && known.exchanges() != exchanges) {
      exchanges.isSecondTo(known.exchanges());
    }
    if (known == null) {
      if (request instanceof HttpServletRequest http
          && response instanceof HttpServletResponse httpResponse) {
        first(exchanges.open(http, httpResponse), http, chain);
      } else {
        chain.doFilter(request, response);
      }
    } else if (known.resumed()) {
      again(known, request, response, chain);
    } else if (known.isLive()) {
      go(known, chain, guarded(known, request), guarded(known, response));
    } else if (isAsyncDispatch(request)) {
      late(known, request, response, chain);
    } else {
      // The container's own answer to what has ended, such as an error page: it works for none.
      chain.doFilter(request, response);
    }
  }

  /**
   * The container's own word counts: Undertow brings the guard, which has seen another dispatch.
   */
  private static boolean isAsyncDispatch(ServletRequest request) {
    GuardedRequest inside = GuardedRequest.in(request);
    return request.getDispatcherType() == DispatcherType.ASYNC
        || (inside != null && inside.getRequest().getDispatcherType() == DispatcherType.ASYNC);
  }

  /** A new request. */
  private static void first(Exchange exchange, HttpServletRequest request, FilterChain chain)
      throws IOException, ServletException {
    FilterChain interrupting =
        InterruptingChain.around(chain, exchange.scope().cancelSettings(), exchange);
    if (RequestBody.mayEndUnseen(request)) {
      Connection unused = exchange.container().connectionOfAny();
    }
    boolean eager = exchange.scope().config().start() == SafeAsyncConfig.Start.EAGER;
    if (eager) {
      exchange.startEagerly();
    }
    try {
      go(exchange, interrupting, exchange.guardedRequest(), exchange.guardedResponse());
      exchange.returned();
      if (eager && exchange.cycles().isUnclaimed()) {
        exchange.completed();
      }
    } catch (Throwable thrown) {
      exchange.thrown(thrown);
      throw thrown;
    } finally {
      exchange.departed();
    }
  }

  /** The same request, after an asynchronous dispatch. */
  private static void again(
      Exchange exchange, ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    ServletRequest brought = guarded(exchange, request);
    ServletResponse answer = guarded(exchange, response);
    AsyncCycle cycle = exchange.cycles().current();
    try {
      go(
          exchange,
          chain,
          cycle == null ? brought : cycle.dispatched(brought),
          cycle == null ? answer : cycle.dispatched(answer));
      exchange.returned();
    } catch (Throwable thrown) {
      exchange.thrown(thrown);
      throw thrown;
    } finally {
      exchange.departed();
    }
  }

  /** Calls the rest of the chain, whose thread works for the exchange meanwhile. */
  private static void go(
      Exchange exchange, FilterChain chain, ServletRequest request, ServletResponse response)
      throws IOException, ServletException {
    CurrentExchange.Work before = CurrentExchange.enter(exchange);
    try {
      LostClient.doFilter(chain, exchange.access(), request, response);
    } finally {
      CurrentExchange.leave(before);
    }
  }

  /** The same, after the end: the servlet behind it meets a request that is over. */
  private static void late(
      Exchange exchange, ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    exchange.dispatchedLate(containersOwn(request));
    try {
      go(exchange, chain, guarded(exchange, request), guarded(exchange, response));
    } finally {
      exchange.container().answered();
    }
  }

  private static ServletRequest containersOwn(ServletRequest request) {
    GuardedRequest inside = GuardedRequest.in(request);
    return inside == null ? request : inside.getRequest();
  }

  /** A dispatch brings the container's object, or a wrapper with the guard inside. */
  private static ServletRequest guarded(Exchange exchange, ServletRequest request) {
    GuardedRequest inside = GuardedRequest.in(request);
    return (inside != null && inside.exchange() == exchange.access())
            || !(request instanceof HttpServletRequest http)
        ? request
        : new GuardedRequest(exchange.gate(), http);
  }

  private static ServletResponse guarded(Exchange exchange, ServletResponse response) {
    GuardedResponse inside = GuardedResponse.in(response);
    return (inside != null && inside.exchange() == exchange.access())
            || !(response instanceof HttpServletResponse http)
        ? response
        : new GuardedResponse(exchange.gate(), http);
  }
}
