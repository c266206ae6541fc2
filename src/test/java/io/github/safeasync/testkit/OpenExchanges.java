package io.github.safeasync.testkit;

import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;

/** Behind the library's filter, counts the exchanges that it keeps open. Thread-safe. */
public final class OpenExchanges implements Filter {

  private volatile Exchanges exchanges;

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Exchange exchange = Exchange.of(request);
    if (exchange != null) {
      exchanges = exchange.exchanges();
    }
    chain.doFilter(request, response);
  }

  /** How many have not ended; 0 where the library's filter is not mapped. */
  public int count() {
    Exchanges known = exchanges;
    return known == null ? 0 : known.size();
  }
}
