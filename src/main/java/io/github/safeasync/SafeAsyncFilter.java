package io.github.safeasync;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Gives the requests that it is mapped to a {@link SafeAsyncResponse}.
 *
 * <p>In {@code web.xml}:
 *
 * <pre>{@code
 * <filter>
 *   <filter-name>safe-async</filter-name>
 *   <filter-class>io.github.safeasync.SafeAsyncFilter</filter-class>
 *   <async-supported>true</async-supported>
 * </filter>
 * <filter-mapping>
 *   <filter-name>safe-async</filter-name>
 *   <url-pattern>/*</url-pattern>
 * </filter-mapping>
 * }</pre>
 *
 * <p>The init-params are those of {@link SafeAsyncConfig} in kebab-case; an unknown or malformed
 * one stops the deployment. Thread-safe. An instance serves one registration; {@link #destroy} ends
 * every open exchange as {@link End.Kind#SHUT_DOWN}.
 */
public final class SafeAsyncFilter implements Filter {

  private final SafeAsyncConfig given;
  private volatile @Nullable Exchanges exchanges;
  private volatile String name = "safe-async";

  /** Makes a filter with the default settings, for the container; init-params change them. */
  public SafeAsyncFilter() {
    this(SafeAsyncConfig.defaults());
  }

  private SafeAsyncFilter(SafeAsyncConfig config) {
    this.given = config;
  }

  /**
   * Makes a filter to be registered in code; init-params of the registration, if any, change its
   * settings.
   *
   * @param config the settings
   * @return a filter for one registration
   */
  public static SafeAsyncFilter create(SafeAsyncConfig config) {
    return new SafeAsyncFilter(Objects.requireNonNull(config, "config"));
  }

  /**
   * Reads the init-params.
   *
   * @throws ServletException if one is unknown or malformed: its message names the param, the value
   *     and what is allowed
   */
  @Override
  public void init(FilterConfig filterConfig) throws ServletException {
    SafeAsyncConfig config = InitParameters.read(filterConfig, given);
    Exchanges opened = new Exchanges(config);
    exchanges = opened;
    name = filterConfig.getFilterName();
    opened.detection().thenAccept(detection -> Log.installed(name, config, detection));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Exchanges now = exchanges;
    if (now == null) {
      throw new IllegalStateException("SafeAsyncFilter was not initialised by the container");
    }
    Exchange known = Exchange.of(request);
    if (known == null) {
      if (request instanceof HttpServletRequest http
          && response instanceof HttpServletResponse httpResponse) {
        Exchange opened = now.open(http, httpResponse);
        first(opened, http, InterruptingChain.around(chain, opened, http));
      } else {
        chain.doFilter(request, response);
      }
    } else if (known.resumed()) {
      again(known, request, response, chain);
    } else if (known.isLive()) {
      LostClient.doFilter(chain, known, guarded(known, request), guarded(known, response));
    } else if (isAsyncDispatch(request)) {
      known.dispatchedLate();
      LostClient.doFilter(chain, known, guarded(known, request), guarded(known, response));
    } else {
      // The container's own answer to what has ended, such as an error page.
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
    exchange.attachTo(request);
    exchange.arrived();
    boolean eager = exchange.exchanges().config().start() == SafeAsyncConfig.Start.EAGER;
    if (eager) {
      exchange.startEagerly();
    }
    try {
      LostClient.doFilter(chain, exchange, exchange.guardedRequest(), exchange.guardedResponse());
      if (eager && exchange.cycles().isUnclaimed()) {
        exchange.completed();
      }
    } catch (Throwable thrown) {
      exchange.thrown(thrown);
      throw thrown;
    } finally {
      exchange.departed();
      if (!exchange.isStarted()) {
        exchange.detachFrom(request);
      }
    }
  }

  /** The same request, after an asynchronous dispatch. */
  private static void again(
      Exchange exchange, ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    ServletRequest brought = guarded(exchange, request);
    ServletResponse answer = guarded(exchange, response);
    Cycle cycle = exchange.cycles().current();
    try {
      LostClient.doFilter(
          chain,
          exchange,
          cycle == null ? brought : cycle.dispatched(brought),
          cycle == null ? answer : cycle.dispatched(answer));
    } catch (Throwable thrown) {
      exchange.thrown(thrown);
      throw thrown;
    } finally {
      exchange.departed();
    }
  }

  /** A dispatch brings the container's object, or a wrapper with the guard inside. */
  private static ServletRequest guarded(Exchange exchange, ServletRequest request) {
    GuardedRequest inside = GuardedRequest.in(request);
    return (inside != null && inside.exchange() == exchange)
            || !(request instanceof HttpServletRequest http)
        ? request
        : new GuardedRequest(exchange, http);
  }

  private static ServletResponse guarded(Exchange exchange, ServletResponse response) {
    GuardedResponse inside = GuardedResponse.in(response);
    return (inside != null && inside.exchange() == exchange)
            || !(response instanceof HttpServletResponse http)
        ? response
        : new GuardedResponse(exchange, http);
  }

  /** Ends every open exchange as {@link End.Kind#SHUT_DOWN} and runs its listeners. */
  @Override
  public void destroy() {
    Exchanges now = exchanges;
    if (now != null) {
      Log.shutDown(name, now.shutDown());
    }
  }
}
