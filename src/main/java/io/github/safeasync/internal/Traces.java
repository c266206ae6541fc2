package io.github.safeasync.internal;

import io.github.safeasync.Departure;
import java.lang.reflect.Constructor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a request is traced by, where the application has a tracer that the library knows: its class
 * is loaded by name, as it cannot be linked without the tracer's.
 */
public final class Traces {

  private static final String CURRENT_SPAN = "io.github.safeasync.opentelemetry.CurrentSpan";

  private static final @Nullable Supplier<?> CURRENT = find();

  private Traces() {}

  private static @Nullable Supplier<?> find() {
    try {
      ClassLoader own = Traces.class.getClassLoader();
      Constructor<?> made = Class.forName(CURRENT_SPAN, true, own).getDeclaredConstructor();
      made.setAccessible(true);
      Supplier<?> found = (Supplier<?>) made.newInstance();
      Object unused = found.get();
      return found;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError absent) {
      return null;
    }
  }

  /**
   * Returns what the request of the calling thread is traced by, to be told of its departure by any
   * thread, before anybody else; null if by nothing.
   */
  @SuppressWarnings("unchecked") // the class is this library's own
  public static @Nullable Consumer<Departure> current() {
    return CURRENT == null ? null : (Consumer<Departure>) CURRENT.get();
  }
}
