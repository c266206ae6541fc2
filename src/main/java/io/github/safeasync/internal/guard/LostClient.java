package io.github.safeasync.internal.guard;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.internal.container.Quirks;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Where the library's word for a lost client leaves the application it becomes the container's own,
 * which is no failure of the application's to anybody further out.
 */
public final class LostClient {

  private static final int MOST_CAUSES = 8;

  private LostClient() {}

  /** Calls the rest of a chain. On the container's thread, which is in the filter. */
  public static void doFilter(
      FilterChain chain, ExchangeAccess exchange, ServletRequest request, ServletResponse response)
      throws IOException, ServletException {
    try {
      chain.doFilter(request, response);
    } catch (IOException | ServletException | RuntimeException thrown) {
      rethrow(leaving(exchange, thrown));
    }
  }

  private static Exception leaving(ExchangeAccess exchange, Exception thrown) {
    Exception ofWork = exchange.leaving(thrown);
    if (ofWork != thrown) {
      return ofWork;
    }
    ClientDisconnectedException said = among(thrown);
    // An application may let out what another request's client has caused.
    Quirks quirks = said != null && exchange.isDisconnected() ? exchange.quirksOfAny() : null;
    return said == null || quirks == null ? thrown : quirks.ofLostClient(thrown, said);
  }

  private static @Nullable ClientDisconnectedException among(Throwable thrown) {
    Throwable at = thrown;
    for (int depth = 0; at != null && depth < MOST_CAUSES; depth++) {
      if (at instanceof ClientDisconnectedException said) {
        return said;
      }
      at = at.getCause();
    }
    return null;
  }

  private static void rethrow(Exception thrown) throws IOException, ServletException {
    if (thrown instanceof IOException io) {
      throw io;
    } else if (thrown instanceof ServletException servlet) {
      throw servlet;
    } else if (thrown instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    throw new ServletException(thrown);
  }
}
