package io.github.safeasync.jdbc;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** A driver of which a test says what its statements and its cancels do. Thread-safe. */
class FakeDriver {

  /** What a call of the driver does. */
  interface Action {
    void run() throws SQLException;
  }

  final AtomicInteger validations = new AtomicInteger();
  final AtomicInteger aborts = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();
  volatile Action executes = () -> {};
  volatile Action cancels = () -> {};
  volatile boolean valid = true;

  DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> new FakeConnection());
  }

  Statement statement() {
    return new FakeStatement();
  }

  private final class FakeConnection extends DelegatingConnection {

    FakeConnection() {
      super(null);
    }

    @Override
    public Statement createStatement() {
      return statement();
    }

    @Override
    public boolean isValid(int timeout) {
      validations.incrementAndGet();
      return valid;
    }

    @Override
    public void abort(Executor executor) {
      aborts.incrementAndGet();
    }

    @Override
    public boolean isClosed() {
      return false;
    }

    @Override
    public void commit() throws SQLException {
      executes.run();
    }

    @Override
    public void close() throws SQLException {
      closes.incrementAndGet();
      if (aborts.get() > 0) {
        throw new SQLException("This connection has been closed.", "08003");
      }
    }

    @Override
    public String toString() {
      return "a connection";
    }
  }

  private final class FakeStatement extends DelegatingStatement<Statement> {

    FakeStatement() {
      super(null);
    }

    @Override
    public boolean execute(String sql) throws SQLException {
      executes.run();
      return true;
    }

    @Override
    public int executeUpdate(String sql) throws SQLException {
      executes.run();
      return 1;
    }

    @Override
    public ResultSet executeQuery(String sql) {
      return new DelegatingResultSet(null) {
        @Override
        public boolean next() throws SQLException {
          executes.run();
          return true;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void cancel() throws SQLException {
      cancels.run();
    }

    @Override
    public Connection getConnection() {
      return null;
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
      return "a statement";
    }
  }
}
