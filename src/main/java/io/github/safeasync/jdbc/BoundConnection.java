package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * One checkout of a connection. Its statements are bound while they run, and when it is closed no
 * cancel is left that could hit whoever has the connection next.
 */
final class BoundConnection extends DelegatingConnection {

  private static final Class<?>[] OF_A_TEXT = {String.class};

  private final Binding binding;
  private final CancelGate gate = new CancelGate();

  /** That of the exchange that has used the connection last. */
  private volatile @Nullable StatementCancellation cancellation;

  BoundConnection(Connection delegate, Binding binding) {
    super(delegate);
    this.binding = binding;
  }

  /**
   * Called before each call that may keep the database busy.
   *
   * @return what the caller has to end, or null if it is not bound
   * @throws SQLException if it is a query that nobody waits for any more
   */
  @Nullable StatementCancellation begin(BoundStatement<?> statement) throws SQLException {
    CancellationToken token = binding.current().get();
    return token == CancellationToken.none() || !binding.isBound(statement)
        ? null
        : begin(statement, token);
  }

  private @Nullable StatementCancellation begin(
      BoundStatement<?> statement, CancellationToken token) throws SQLException {
    StatementCancellation last = cancellation;
    if (last != null && last.isOf(token) && last.begin(statement.delegate)) {
      return last;
    }
    if (!token.isCancelled() && !gate.isClosed()) {
      StatementCancellation fresh = new StatementCancellation(token, gate);
      fresh.bind();
      if (last == null || last.detach()) {
        cancellation = fresh;
      }
      if (fresh.begin(statement.delegate)) {
        return fresh;
      }
    }
    if (token.isCancelled() && statement.isQuery()) {
      Told.orThrow(token);
    }
    return null;
  }

  /**
   * Called before each call that goes on with what was bound before.
   *
   * @return whether it is bound again, and the caller has to end it
   * @throws SQLException if it is a query that nobody waits for any more
   */
  boolean beginAgain(StatementCancellation bound, BoundStatement<?> statement) throws SQLException {
    if (bound.begin(statement.delegate)) {
      return true;
    }
    if (bound.token().isCancelled() && statement.isQuery()) {
      Told.orThrow(bound.token());
    }
    return false;
  }

  /** Called after each call that was bound. */
  void end(StatementCancellation bound, Statement statement, @Nullable Throwable failure) {
    boolean cancelled = bound.end(statement);
    if (bound != cancellation) {
      bound.detach(); // Another thread's statement runs on the same connection.
    }
    if (cancelled && failure != null) {
      Told.by(failure, bound.token());
    }
  }

  @Override
  public void close() throws SQLException {
    StatementCancellation last = cancellation;
    if (last != null) {
      last.detach();
    }
    switch (gate.close(StatementCancellation.PATIENCE.toNanos())) {
      case UNTOUCHED -> delegate.close();
      case RETURNED -> {
        if (isSettled()) {
          delegate.close();
        } else {
          discard();
        }
      }
      case DOUBTFUL -> discard();
    }
  }

  /**
   * A round trip takes a cancel with it that the database has and has not heeded yet. The second
   * one is for the case that the first was hit.
   */
  private boolean isSettled() {
    int seconds = (int) StatementCancellation.PATIENCE.toSeconds();
    try {
      return delegate.isClosed() || delegate.isValid(seconds) || delegate.isValid(seconds);
    } catch (SQLException e) {
      return false;
    }
  }

  /** No pool hands out a connection that is closed; what it says of that is of no interest. */
  private void discard() throws SQLException {
    try {
      delegate.abort(Runnable::run);
    } catch (SQLException unable) {
      delegate.close();
      return;
    }
    try {
      delegate.close();
    } catch (SQLException aborted) {
      // As it should be.
    }
  }

  @Override
  public DatabaseMetaData getMetaData() throws SQLException {
    DatabaseMetaData metaData = delegate.getMetaData();
    return (DatabaseMetaData)
        Proxy.newProxyInstance(
            BoundConnection.class.getClassLoader(),
            new Class<?>[] {DatabaseMetaData.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("getConnection")) {
                return this;
              }
              if (method.getName().equals("equals")) {
                return proxy == arguments[0];
              }
              try {
                return method.invoke(metaData, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public Statement createStatement() throws SQLException {
    return bound(delegate.createStatement());
  }

  @Override
  public Statement createStatement(int resultSetType, int resultSetConcurrency)
      throws SQLException {
    return bound(delegate.createStatement(resultSetType, resultSetConcurrency));
  }

  @Override
  public Statement createStatement(
      int resultSetType, int resultSetConcurrency, int resultSetHoldability) throws SQLException {
    return bound(
        delegate.createStatement(resultSetType, resultSetConcurrency, resultSetHoldability));
  }

  private Statement bound(Statement statement) {
    return new BoundStatement<>(statement, this);
  }

  @Override
  public PreparedStatement prepareStatement(String sql) throws SQLException {
    return bound(delegate.prepareStatement(sql), sql);
  }

  @Override
  public PreparedStatement prepareStatement(String sql, int autoGeneratedKeys) throws SQLException {
    return bound(delegate.prepareStatement(sql, autoGeneratedKeys), sql);
  }

  @Override
  public PreparedStatement prepareStatement(String sql, int[] columnIndexes) throws SQLException {
    return bound(delegate.prepareStatement(sql, columnIndexes), sql);
  }

  @Override
  public PreparedStatement prepareStatement(String sql, String[] columnNames) throws SQLException {
    return bound(delegate.prepareStatement(sql, columnNames), sql);
  }

  @Override
  public PreparedStatement prepareStatement(String sql, int resultSetType, int resultSetConcurrency)
      throws SQLException {
    return bound(delegate.prepareStatement(sql, resultSetType, resultSetConcurrency), sql);
  }

  @Override
  public PreparedStatement prepareStatement(
      String sql, int resultSetType, int resultSetConcurrency, int resultSetHoldability)
      throws SQLException {
    return bound(
        delegate.prepareStatement(sql, resultSetType, resultSetConcurrency, resultSetHoldability),
        sql);
  }

  private PreparedStatement bound(PreparedStatement statement, String sql) {
    return new BoundPreparedStatement<>(statement, this, sql);
  }

  @Override
  public CallableStatement prepareCall(String sql) throws SQLException {
    return bound(delegate.prepareCall(sql), sql);
  }

  @Override
  public CallableStatement prepareCall(String sql, int resultSetType, int resultSetConcurrency)
      throws SQLException {
    return bound(delegate.prepareCall(sql, resultSetType, resultSetConcurrency), sql);
  }

  @Override
  public CallableStatement prepareCall(
      String sql, int resultSetType, int resultSetConcurrency, int resultSetHoldability)
      throws SQLException {
    return bound(
        delegate.prepareCall(sql, resultSetType, resultSetConcurrency, resultSetHoldability), sql);
  }

  private CallableStatement bound(CallableStatement statement, String sql) {
    return new BoundCallableStatement(statement, this, sql);
  }

  // JDBC 4.5: no @Override, as 4.3 has none of them.

  /** Passes it on where the JDK knows it. */
  public String enquoteLiteral(String value) throws SQLException {
    return (String) Jdbc45.call(delegate, "enquoteLiteral", OF_A_TEXT, value);
  }

  /** Passes it on where the JDK knows it. */
  public String enquoteNCharLiteral(String value) throws SQLException {
    return (String) Jdbc45.call(delegate, "enquoteNCharLiteral", OF_A_TEXT, value);
  }

  /** Passes it on where the JDK knows it. */
  public boolean isSimpleIdentifier(String identifier) throws SQLException {
    return (Boolean) Jdbc45.call(delegate, "isSimpleIdentifier", OF_A_TEXT, identifier);
  }

  /** Passes it on where the JDK knows it. */
  public String enquoteIdentifier(String identifier, boolean alwaysQuote) throws SQLException {
    Class<?>[] types = {String.class, boolean.class};
    return (String) Jdbc45.call(delegate, "enquoteIdentifier", types, identifier, alwaysQuote);
  }
}
