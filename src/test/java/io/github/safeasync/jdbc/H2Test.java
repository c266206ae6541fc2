package io.github.safeasync.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;

/** What applications do with a database comes out the same, wrapped or not. */
class H2Test {

  private interface Application {
    void run(DataSource dataSource, List<Object> seen) throws Exception;
  }

  private static List<Object> seen(DataSource dataSource, Application application)
      throws Exception {
    List<Object> seen = new ArrayList<>();
    try {
      application.run(dataSource, seen);
    } catch (SQLException e) {
      seen.add(e.getClass() + " " + e.getSQLState() + " " + e.getMessage());
    }
    return seen;
  }

  private static void isTheSame(Application application) throws Exception {
    List<List<Object>> all = new ArrayList<>();
    for (Supplier<FakeToken> tokens :
        Arrays.<Supplier<FakeToken>>asList(null, () -> null, FakeToken::new)) {
      FakeToken token = tokens == null ? null : tokens.get();
      JdbcConnectionPool pool = JdbcConnectionPool.create("jdbc:h2:mem:", "sa", "");
      pool.setMaxConnections(1);
      try {
        all.add(
            seen(
                tokens == null
                    ? pool
                    : SafeAsyncDataSource.wrap(
                        pool,
                        CancelStatements.ALL,
                        () -> token == null ? io.github.safeasync.CancellationToken.none() : token),
                application));
        assertThat(pool.getActiveConnections()).isZero();
      } finally {
        pool.dispose();
      }
    }
    assertThat(all.get(0)).isNotEmpty();
    assertThat(all.get(1)).as("wrapped").isEqualTo(all.get(0));
    assertThat(all.get(2)).as("wrapped, with an exchange").isEqualTo(all.get(0));
  }

  private static void table(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t (id IDENTITY PRIMARY KEY, a INT)");
    }
  }

  private static void rows(ResultSet rows, List<Object> seen) throws SQLException {
    while (rows.next()) {
      for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
        seen.add(String.valueOf(rows.getObject(i)));
      }
    }
    seen.add("end " + rows.isAfterLast());
  }

  @Test
  void generatedKeys() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            table(connection);
            try (PreparedStatement insert =
                connection.prepareStatement(
                    "INSERT INTO t (a) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
              insert.setInt(1, 7);
              seen.add(insert.executeUpdate());
              try (ResultSet keys = insert.getGeneratedKeys()) {
                seen.add(keys.getStatement() == null);
                rows(keys, seen);
              }
            }
          }
        });
  }

  @Test
  void batches() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            table(connection);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO t (a) VALUES (?)");
                Statement statement = connection.createStatement()) {
              for (int i = 0; i < 3; i++) {
                insert.setInt(1, i);
                insert.addBatch();
              }
              seen.add(Arrays.toString(insert.executeBatch()));
              statement.addBatch("UPDATE t SET a = a + 1");
              statement.addBatch("DELETE FROM t WHERE a = 1");
              seen.add(Arrays.toString(statement.executeLargeBatch()));
              statement.addBatch("NO SQL");
              seen.add(Arrays.toString(statement.executeBatch()));
            }
          }
        });
  }

  @Test
  void resultsOneAfterTheOther() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection();
              Statement statement = connection.createStatement()) {
            seen.add(statement.execute("SELECT X FROM SYSTEM_RANGE(1, 3)"));
            ResultSet first = statement.getResultSet();
            seen.add(first == statement.getResultSet());
            rows(first, seen);
            seen.add(statement.getMoreResults());
            seen.add(statement.getUpdateCount());
            seen.add(statement.getResultSet() == null);
            seen.add(first.isClosed());
          }
        });
  }

  @Test
  void scrolledAndUpdatedRows() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            table(connection);
            try (Statement statement =
                connection.createStatement(
                    ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
              statement.executeUpdate("INSERT INTO t (a) VALUES (1), (2), (3)");
              try (ResultSet rows = statement.executeQuery("SELECT id, a FROM t")) {
                seen.add(rows.last());
                seen.add(rows.getInt("a"));
                seen.add(rows.absolute(1));
                rows.updateInt("a", 42);
                rows.updateRow();
                rows.refreshRow();
                seen.add(rows.getInt(2));
                seen.add(rows.relative(1));
                seen.add(rows.previous());
                rows.afterLast();
                seen.add(rows.isAfterLast());
                rows.moveToInsertRow();
                rows.updateInt(2, 9);
                rows.insertRow();
              }
              rows(statement.executeQuery("SELECT a FROM t ORDER BY a"), seen);
            }
          }
        });
  }

  @Test
  void procedures() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection();
              CallableStatement call = connection.prepareCall("{? = call ABS(?)}")) {
            call.registerOutParameter(1, Types.INTEGER);
            call.setInt(2, -5);
            seen.add(call.execute());
            seen.add(call.getInt(1));
          }
        });
  }

  @Test
  void statementsThatCloseWithTheirRows() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            Statement statement = connection.createStatement();
            statement.closeOnCompletion();
            seen.add(statement.isCloseOnCompletion());
            ResultSet rows = statement.executeQuery("VALUES (1)");
            rows.close();
            seen.add(statement.isClosed());
          }
        });
  }

  @Test
  void transactionsAndSavepoints() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            table(connection);
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
              statement.executeUpdate("INSERT INTO t (a) VALUES (1)");
              Savepoint savepoint = connection.setSavepoint("here");
              statement.executeUpdate("INSERT INTO t (a) VALUES (2)");
              connection.rollback(savepoint);
              connection.commit();
              statement.executeUpdate("INSERT INTO t (a) VALUES (3)");
              connection.rollback();
              rows(statement.executeQuery("SELECT a FROM t"), seen);
            }
            seen.add(connection.getAutoCommit());
          }
        });
  }

  @Test
  void whatIsKnownOfTheDatabase() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          try (Connection connection = dataSource.getConnection()) {
            DatabaseMetaData known = connection.getMetaData();
            seen.add(known.getDatabaseProductName());
            seen.add(known.getConnection() == connection);
            try (ResultSet tables = known.getTables(null, null, "USERS", null)) {
              rows(tables, seen);
            }
            seen.add(connection.isWrapperFor(org.h2.jdbc.JdbcConnection.class));
            seen.add(connection.unwrap(org.h2.jdbc.JdbcConnection.class).isClosed());
          }
        });
  }

  @Test
  void failures() throws Exception {
    isTheSame(
        (dataSource, seen) -> {
          Connection closed = dataSource.getConnection();
          closed.close();
          closed.close();
          seen.add(closed.isClosed());
          try (Connection connection = dataSource.getConnection();
              Statement statement = connection.createStatement()) {
            statement.close();
            seen.add(statement.isClosed());
            try {
              statement.getConnection();
            } catch (SQLException e) {
              seen.add(e.getSQLState());
            }
            connection.createStatement().executeQuery("SELECT nothing");
          }
        });
  }
}
