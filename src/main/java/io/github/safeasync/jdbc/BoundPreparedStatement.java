package io.github.safeasync.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A prepared statement that is bound while it runs.
 *
 * @param <S> the kind of statement
 */
class BoundPreparedStatement<S extends PreparedStatement> extends DelegatingPreparedStatement<S> {

  BoundPreparedStatement(S delegate, BoundConnection connection, String sql) {
    super(delegate, connection);
    text(sql);
  }

  @Override
  public ResultSet executeQuery() throws SQLException {
    return bound(execute(PreparedStatement::executeQuery));
  }

  @Override
  public boolean execute() throws SQLException {
    return execute(PreparedStatement::execute);
  }

  @Override
  public int executeUpdate() throws SQLException {
    return execute(PreparedStatement::executeUpdate);
  }

  @Override
  public long executeLargeUpdate() throws SQLException {
    return execute(PreparedStatement::executeLargeUpdate);
  }
}
