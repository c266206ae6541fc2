package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchange;
import jakarta.servlet.ServletRequest;
import java.util.function.LongSupplier;

/** Lets a benchmark count the looks that polling makes: the library tells that to nobody else. */
public final class Polls {

  private Polls() {}

  /** Returns the count of the filter that a request came through. */
  public static LongSupplier of(ServletRequest request) {
    return Exchange.of(request).scope()::polls;
  }
}
