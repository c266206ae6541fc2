package io.github.safeasync.jdbc;

import java.sql.SQLException;
import java.sql.Wrapper;

/** How a wrapper answers for itself, for what it wraps, and for what that wraps. */
final class Wrapped {

  private Wrapped() {}

  static <T> T unwrap(Object wrapper, Wrapper delegate, Class<T> type) throws SQLException {
    if (type.isInstance(wrapper)) {
      return type.cast(wrapper);
    }
    return type.isInstance(delegate) ? type.cast(delegate) : delegate.unwrap(type);
  }

  static boolean isWrapperFor(Object wrapper, Wrapper delegate, Class<?> type) throws SQLException {
    return type.isInstance(wrapper) || type.isInstance(delegate) || delegate.isWrapperFor(type);
  }
}
