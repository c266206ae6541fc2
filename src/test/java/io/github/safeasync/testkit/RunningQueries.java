package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;

/** Asks the shared PostgreSQL which queries run, by a connection of its own. For one thread. */
public final class RunningQueries implements AutoCloseable {

  private final Connection connection;
  private final PreparedStatement running;

  private RunningQueries(Connection connection, PreparedStatement running) {
    this.connection = connection;
    this.running = running;
  }

  /**
   * Counts from now on those whose text is like a pattern of SQL.
   *
   * @param pattern which this question is not like
   */
  public static RunningQueries like(String pattern) throws SQLException {
    Connection connection = Postgres.shared().connect();
    PreparedStatement running =
        connection.prepareStatement(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE ?");
    running.setString(1, pattern);
    return new RunningQueries(connection, running);
  }

  /** How many run now. */
  public int count() throws SQLException {
    try (ResultSet rows = running.executeQuery()) {
      rows.next();
      return rows.getInt(1);
    }
  }

  /** Waits until so many run. */
  public void await(int count) {
    Witness.await().atMost(Witness.SOON).until(() -> count() == count);
  }

  /** Waits until none runs, and returns how long it took, without a pause between two looks. */
  public Duration awaitEnd() throws SQLException {
    long begun = System.nanoTime();
    while (count() > 0) {
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Witness.SOON);
    }
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  /** The connection, for other questions. */
  public Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
