package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchanges;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
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
 *   <dispatcher>REQUEST</dispatcher>
 *   <dispatcher>ASYNC</dispatcher>
 * </filter-mapping>
 * }</pre>
 *
 * <p>The init-params are the settings of {@link SafeAsyncConfig} in kebab-case; an unknown or
 * malformed one stops the deployment. An instance serves one registration; {@link #destroy} ends
 * every open exchange as {@link End.Kind#SHUT_DOWN}. Thread-safe.
 *
 * @since 0.1.0
 */
public final class SafeAsyncFilter implements Filter {

  private final SafeAsyncConfig given;
  private final SafeAsyncStats stats = Exchanges.newStats();
  private volatile @Nullable Exchanges exchanges;
  private volatile @Nullable FilterConfig registration;

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
   * @throws NullPointerException if the settings are null
   */
  public static SafeAsyncFilter create(SafeAsyncConfig config) {
    return new SafeAsyncFilter(Objects.requireNonNull(config, "config"));
  }

  /**
   * Reads the init-params and starts what the exchanges need. Called by the container.
   *
   * @param filterConfig the registration's name and init-params
   * @throws ServletException if one is unknown or malformed: its message names the param, the value
   *     and what is allowed
   */
  @Override
  public void init(FilterConfig filterConfig) throws ServletException {
    SafeAsyncConfig config = InitParameters.read(filterConfig, given);
    String name = String.valueOf(filterConfig.getFilterName()); // A mock may have none.
    exchanges = Exchanges.install(name, pathOf(filterConfig), config, stats);
    FilterStats.add(filterConfig.getServletContext(), name, stats);
    registration = filterConfig;
  }

  private static String pathOf(FilterConfig filter) {
    ServletContext context = filter.getServletContext();
    String path = context == null ? null : context.getContextPath();
    return path == null || path.isEmpty() ? "/" : path;
  }

  /**
   * Returns what became of its exchanges.
   *
   * @return a live view, which is there before {@link #init} and after {@link #destroy}
   */
  public SafeAsyncStats stats() {
    return stats;
  }

  /**
   * Passes a request on with its response guarded, and watches its client. Called by the container.
   *
   * @param request the request
   * @param response its response
   * @param chain what is behind the filter
   * @throws IOException if what is behind the filter throws it
   * @throws ServletException if what is behind the filter throws it
   * @throws IllegalStateException if the container has not called {@link #init}
   */
  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Exchanges now = exchanges;
    if (now == null) {
      throw new IllegalStateException("SafeAsyncFilter was not initialised by the container");
    }
    now.doFilter(request, response, chain);
  }

  /**
   * Ends every open exchange as {@link End.Kind#SHUT_DOWN}, runs its listeners and stops the
   * filter's threads. Called by the container.
   */
  @Override
  public void destroy() {
    Exchanges now = exchanges;
    FilterConfig from = registration;
    if (now != null && from != null) {
      FilterStats.remove(from.getServletContext(), String.valueOf(from.getFilterName()), stats);
      now.uninstall();
    }
  }
}
