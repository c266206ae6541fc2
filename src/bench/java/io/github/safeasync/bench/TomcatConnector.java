package io.github.safeasync.bench;

import java.lang.reflect.InvocationTargetException;
import java.util.function.Consumer;

/** Tomcat's connector, by name: no container is named here, and the others have none. */
final class TomcatConnector {

  private TomcatConnector() {}

  /** Returns what sets a property of it, for {@code TestApplication.customize}. */
  static Consumer<Object> with(String property, String value) {
    return containerNative -> {
      if (containerNative.getClass().getSimpleName().equals("Connector")) {
        set(containerNative, property, value);
      }
    };
  }

  private static void set(Object connector, String property, String value) {
    try {
      connector
          .getClass()
          .getMethod("setProperty", String.class, String.class)
          .invoke(connector, property, value);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}
