package io.github.safeasync.opentelemetry;

import io.github.safeasync.Departure;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The span that is current where a request reaches the filter: the server's, of the Java agent or
 * of an outer filter. It is given the attribute {@link Departure#ATTRIBUTE} when its client has
 * left, and is no error from then on, whatever ends it.
 *
 * <p>Made by the filter, by its name, where the API is there. Thread-safe.
 */
final class CurrentSpan implements Supplier<@Nullable Consumer<Departure>> {

  @Override
  public @Nullable Consumer<Departure> get() {
    Span span = Span.current();
    return span.isRecording() ? departure -> left(span, departure) : null;
  }

  /** Whoever ends a span as an error does not change a status that is OK. */
  private static void left(Span span, Departure departure) {
    span.setAttribute(Departure.ATTRIBUTE, departure.toString());
    span.setStatus(StatusCode.OK);
  }
}
