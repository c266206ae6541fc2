package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Handle;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;

/**
 * The rest of a filter chain, whose thread is bound to the exchange's work as long as it is in
 * here.
 */
final class InterruptingChain implements FilterChain {

  private final FilterChain chain;
  private final CurrentExchange.Work work;

  private InterruptingChain(FilterChain chain, CurrentExchange.Work work) {
    this.chain = chain;
    this.work = work;
  }

  /** Returns a chain that binds the thread that calls it, if the filter is told so. */
  static FilterChain around(FilterChain chain, CancelSettings settings, CurrentExchange.Work work) {
    return settings.synchronous() && settings.on().contains(End.Kind.DISCONNECTED)
        ? new InterruptingChain(chain, work)
        : chain;
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response)
      throws IOException, ServletException {
    Handle bound = work.token().bind(Thread.currentThread());
    try {
      chain.doFilter(request, response);
    } finally {
      bound.remove();
    }
  }
}
