package io.github.safeasync.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** Rows of a statement, which is bound while they are fetched. */
final class BoundResultSet extends DelegatingResultSet {

  private final BoundStatement<?> statement;

  BoundResultSet(ResultSet delegate, BoundStatement<?> statement) {
    super(delegate);
    this.statement = statement;
  }

  @Override
  public @Nullable Statement getStatement() throws SQLException {
    return delegate.getStatement() == null ? null : statement;
  }

  @Override
  public boolean next() throws SQLException {
    return statement.fetch(delegate, ResultSet::next);
  }

  @Override
  public boolean previous() throws SQLException {
    return statement.fetch(delegate, ResultSet::previous);
  }

  @Override
  public boolean first() throws SQLException {
    return statement.fetch(delegate, ResultSet::first);
  }

  @Override
  public boolean last() throws SQLException {
    return statement.fetch(delegate, ResultSet::last);
  }

  @Override
  public void afterLast() throws SQLException {
    statement.fetch(
        delegate,
        target -> {
          target.afterLast();
          return true;
        });
  }

  @Override
  public boolean absolute(int row) throws SQLException {
    return statement.fetch(delegate, target -> target.absolute(row));
  }

  @Override
  public boolean relative(int rows) throws SQLException {
    return statement.fetch(delegate, target -> target.relative(rows));
  }

  @Override
  public void refreshRow() throws SQLException {
    statement.fetch(
        delegate,
        target -> {
          target.refreshRow();
          return true;
        });
  }
}
