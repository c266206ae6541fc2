package io.github.safeasync;

import jakarta.servlet.ServletContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The stats of an application's filters, by their names: what its context holds. Thread-safe. */
final class FilterStats {

  private final Map<String, SafeAsyncStats> byName = new ConcurrentHashMap<>();

  private FilterStats() {}

  static Map<String, SafeAsyncStats> of(ServletContext context) {
    FilterStats known = in(context);
    return known == null ? Map.of() : Map.copyOf(known.byName);
  }

  private static @Nullable FilterStats in(ServletContext context) {
    return context.getAttribute(SafeAsyncStats.ATTRIBUTE) instanceof FilterStats known
        ? known
        : null;
  }

  /** Containers initialise filters one after the other; a mock may have no context. */
  static void add(@Nullable ServletContext context, String name, SafeAsyncStats stats) {
    if (context == null) {
      return;
    }
    FilterStats known = in(context);
    FilterStats now = known == null ? new FilterStats() : known;
    now.byName.put(name, stats);
    if (known == null) {
      context.setAttribute(SafeAsyncStats.ATTRIBUTE, now);
    }
  }

  /** The context itself goes with the application, and what it holds with it. */
  static void remove(@Nullable ServletContext context, String name, SafeAsyncStats stats) {
    FilterStats known = context == null ? null : in(context);
    if (known != null) {
      known.byName.remove(name, stats);
    }
  }
}
