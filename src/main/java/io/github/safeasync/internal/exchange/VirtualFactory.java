package io.github.safeasync.internal.exchange;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** The virtual threads of JDK 21 and later, reached by reflection: the library runs on 17. */
final class VirtualFactory {

  private VirtualFactory() {}

  /** Returns what makes them, with a name and no inherited thread locals; null before JDK 21. */
  static @Nullable ThreadFactory of(String prefix) {
    try {
      Class<?> type = Class.forName("java.lang.Thread$Builder$OfVirtual");
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      type.getMethod("name", String.class, long.class).invoke(builder, prefix, 1L);
      type.getMethod("inheritInheritableThreadLocals", boolean.class).invoke(builder, false);
      return (ThreadFactory) type.getMethod("factory").invoke(builder);
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException notOnThisJdk) {
      return null;
    }
  }
}
