package io.github.safeasync.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;

/**
 * What JDBC 4.5, of JDK 26, adds to {@link Connection}, with default implementations that are not
 * those of the driver. Compiled against 4.3, so called by reflection.
 */
final class Jdbc45 {

  private Jdbc45() {}

  static Object call(Connection connection, String method, Class<?>[] types, Object... arguments)
      throws SQLException {
    try {
      return Connection.class.getMethod(method, types).invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof SQLException failure ? failure : new SQLException(e.getCause());
    } catch (NoSuchMethodException | IllegalAccessException e) {
      throw new SQLFeatureNotSupportedException(
          method + " is a method of a connection since JDK 26", e);
    }
  }
}
