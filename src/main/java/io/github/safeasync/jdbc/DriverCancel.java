package io.github.safeasync.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** How what runs on a connection is cancelled where {@link Statement#cancel} has no effect. */
final class DriverCancel {

  /**
   * PostgreSQL's, of PGConnection: to its statement nothing runs while rows of a cursor are fetched
   * (PgStatement.cancel ignores what is not IN_QUERY, and PgResultSet.next sets no such state).
   */
  private static final String OF_A_CONNECTION = "cancelQuery";

  private DriverCancel() {}

  /** Cancels a statement that has been cancelled and runs on. */
  static void again(Statement statement) throws SQLException {
    statement.cancel();
    Connection connection = statement.getConnection();
    if (connection != null && connection.isWrapperFor(Connection.class)) {
      cancel(connection.unwrap(Connection.class));
    }
  }

  private static void cancel(Connection connection) throws SQLException {
    try {
      Method method = connection.getClass().getMethod(OF_A_CONNECTION);
      method.invoke(connection);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof SQLException failure ? failure : new SQLException(e.getCause());
    } catch (NoSuchMethodException | IllegalAccessException e) {
      // Another driver's.
    }
  }
}
