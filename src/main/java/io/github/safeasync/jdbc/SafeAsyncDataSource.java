package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.ConnectionBuilder;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.ShardingKey;
import java.sql.ShardingKeyBuilder;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * A data source whose queries go with the client that they are made for. Each query that a thread
 * makes for an exchange is bound to the exchange's token while it runs:
 *
 * <pre>{@code
 * DataSource dataSource = SafeAsyncDataSource.wrap(pool);   // once, where the pool is made
 * }</pre>
 *
 * <p>When the client disconnects, and the exchange's {@link io.github.safeasync.CancelPolicy} lets
 * it cancel, {@link java.sql.Statement#cancel} is called. The application sees the SQLException of
 * its driver, with a {@link io.github.safeasync.ClientDisconnectedException} as {@linkplain
 * Throwable#getSuppressed suppressed}. If nothing runs at that moment, the next query of each of
 * the exchange's threads fails at its begin, with SQLState 57014. So a thread is told once. What it
 * does after that, such as queries while it puts things in order, is not touched. Commits,
 * rollbacks and statements that write never are, unless {@link CancelStatements#ALL} is asked for.
 *
 * <p>A connection goes back to its pool when no cancel is on its way any more. Where that cannot be
 * told within 5 seconds, it is aborted, and the pool makes a new one.
 *
 * <p>A thread that works for no exchange sees the data source as it is. {@link #unwrap} finds what
 * is wrapped. Thread-safe, if what it wraps is.
 *
 * @see CancellationToken#current
 * @since 0.1.0
 */
public final class SafeAsyncDataSource implements DataSource, AutoCloseable {

  private final DataSource delegate;
  private final Binding binding;

  private SafeAsyncDataSource(DataSource delegate, Binding binding) {
    this.delegate = delegate;
    this.binding = binding;
  }

  /**
   * Wraps a data source, usually a pool, so that queries are cancelled with their client.
   *
   * @param dataSource what makes the connections; if it is wrapped already, it is returned as it is
   * @return the data source to use in its place
   * @throws NullPointerException if the data source is null
   */
  public static DataSource wrap(DataSource dataSource) {
    return wrap(dataSource, CancelStatements.QUERIES);
  }

  /**
   * Wraps a data source, usually a pool, so that statements are cancelled with their client.
   *
   * @param dataSource what makes the connections; if it is wrapped already, it is returned as it is
   * @param which which statements are cancelled while they run
   * @return the data source to use in its place
   * @throws NullPointerException if an argument is null
   */
  public static DataSource wrap(DataSource dataSource, CancelStatements which) {
    return wrap(dataSource, which, CancellationToken::current);
  }

  static DataSource wrap(
      DataSource dataSource, CancelStatements which, Supplier<CancellationToken> current) {
    Objects.requireNonNull(dataSource, "dataSource");
    Objects.requireNonNull(which, "which");
    return dataSource instanceof SafeAsyncDataSource
        ? dataSource
        : new SafeAsyncDataSource(dataSource, new Binding(which, current));
  }

  private Connection bound(Connection connection) {
    return connection instanceof BoundConnection
        ? connection
        : new BoundConnection(connection, binding);
  }

  @Override
  public Connection getConnection() throws SQLException {
    return bound(delegate.getConnection());
  }

  @Override
  public Connection getConnection(String username, String password) throws SQLException {
    return bound(delegate.getConnection(username, password));
  }

  @Override
  public ConnectionBuilder createConnectionBuilder() throws SQLException {
    return new Builder(delegate.createConnectionBuilder());
  }

  @Override
  public ShardingKeyBuilder createShardingKeyBuilder() throws SQLException {
    return delegate.createShardingKeyBuilder();
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    return delegate.getLogWriter();
  }

  @Override
  public void setLogWriter(PrintWriter out) throws SQLException {
    delegate.setLogWriter(out);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return delegate.getLoginTimeout();
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    delegate.setLoginTimeout(seconds);
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    return delegate.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return Wrapped.unwrap(this, delegate, type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return Wrapped.isWrapperFor(this, delegate, type);
  }

  /**
   * Closes what is wrapped, if it can be closed, so that a container that makes a pool and wraps it
   * in one step closes it as before.
   *
   * @throws SQLException if closing it fails
   */
  @Override
  public void close() throws SQLException {
    if (delegate instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (SQLException | RuntimeException failure) {
        throw failure;
      } catch (Exception failure) {
        throw new SQLException("The data source could not be closed", failure);
      }
    }
  }

  /** Returns what is wrapped, and that it is. */
  @Override
  public String toString() {
    return "SafeAsyncDataSource of " + delegate;
  }

  /** Makes connections whose statements are bound. */
  private final class Builder implements ConnectionBuilder {

    private final ConnectionBuilder builder;

    Builder(ConnectionBuilder builder) {
      this.builder = builder;
    }

    @Override
    public ConnectionBuilder user(String username) {
      builder.user(username);
      return this;
    }

    @Override
    public ConnectionBuilder password(String password) {
      builder.password(password);
      return this;
    }

    @Override
    public ConnectionBuilder shardingKey(ShardingKey shardingKey) {
      builder.shardingKey(shardingKey);
      return this;
    }

    @Override
    public ConnectionBuilder superShardingKey(ShardingKey superShardingKey) {
      builder.superShardingKey(superShardingKey);
      return this;
    }

    @Override
    public Connection build() throws SQLException {
      return bound(builder.build());
    }
  }
}
