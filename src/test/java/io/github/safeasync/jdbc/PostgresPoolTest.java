package io.github.safeasync.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/** HikariCP and PostgreSQL as they are: the driver's cancel is a connection of its own. */
class PostgresPoolTest {

  private static final int CHECKOUTS =
      Integer.getInteger("safeasync.postgres.checkouts", Tries.of(2_000));
  private static final int USERS = 4;
  private static final int SIZE = 2;

  private final ThreadLocal<CancellationToken> current =
      ThreadLocal.withInitial(CancellationToken::none);
  private final ExecutorService users = Executors.newFixedThreadPool(USERS);
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final AtomicInteger cancelled = new AtomicInteger();
  private HikariDataSource pool;
  private DataSource dataSource;

  @BeforeEach
  void start() {
    String whyNot = Postgres.whyNot();
    assumeTrue(whyNot.isEmpty(), whyNot);
    pool = new HikariDataSource();
    pool.setJdbcUrl(Postgres.shared().url());
    pool.setMaximumPoolSize(SIZE);
    dataSource = SafeAsyncDataSource.wrap(pool, CancelStatements.QUERIES, current::get);
  }

  @AfterEach
  void stop() {
    users.shutdownNow();
    clients.shutdownNow();
    if (pool != null) {
      pool.close();
    }
  }

  /** Every other client hangs up, when its query is about to end; the others' queries succeed. */
  private Void use(int times) throws Exception {
    for (int i = 0; i < times; i++) {
      boolean leaves = i % 2 == 0;
      FakeToken token = new FakeToken();
      current.set(token);
      CompletableFuture<Exception> hangUp = CompletableFuture.completedFuture(null);
      try (Connection connection = dataSource.getConnection();
          PreparedStatement query = connection.prepareStatement("SELECT pg_sleep(?)")) {
        query.setDouble(1, 0.001);
        if (leaves) {
          hangUp = CompletableFuture.supplyAsync(() -> late(token), clients);
        }
        try (ResultSet rows = query.executeQuery()) {
          rows.next();
        }
      } catch (SQLException e) {
        assertThat(leaves).as("a client that stays: %s", e).isTrue();
        assertThat(e.getSQLState()).isEqualTo("57014");
        cancelled.incrementAndGet();
      }
      assertThat(hangUp.get()).isNull();
    }
    return null;
  }

  private static Exception late(FakeToken token) {
    pause();
    return token.cancel();
  }

  @Test
  void g9NoCancelHitsTheNextUser_andNoConnectionIsLost() throws Exception {
    List<Callable<Void>> all = new ArrayList<>();
    for (int i = 0; i < USERS; i++) {
      all.add(() -> use(CHECKOUTS / USERS));
    }
    List<Integer> before = processes();
    for (Future<Void> each : users.invokeAll(all)) {
      each.get();
    }
    assertThat(cancelled).hasPositiveValue();
    assertThat(processes()).as("the same connections").isEqualTo(before);
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    System.out.printf(
        "%d checkouts of a pool of two of PostgreSQL: %d queries cancelled, none of those who"
            + " stayed%n",
        CHECKOUTS, cancelled.get());
  }

  /** Returns the database's processes behind the pool's connections. */
  private List<Integer> processes() throws SQLException {
    List<Connection> all = new ArrayList<>();
    List<Integer> processes = new ArrayList<>();
    try {
      for (int i = 0; i < SIZE; i++) {
        Connection connection = pool.getConnection();
        all.add(connection);
        processes.add(connection.unwrap(PGConnection.class).getBackendPID());
      }
    } finally {
      for (Connection each : all) {
        each.close();
      }
    }
    return processes.stream().sorted().toList();
  }

  /**
   * What everything rests on: the server signals its process before it closes the connection of the
   * cancel. By PGConnection.cancelQuery, which pgjdbc does not hold back as it does a statement's.
   */
  @Test
  void cancelThatHasReturned_hitsNoLaterStatement() throws Exception {
    int inTime = 0;
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      PGConnection postgres = connection.unwrap(PGConnection.class);
      for (int i = 0; i < CHECKOUTS; i++) {
        Future<?> cancel =
            clients.submit(
                () -> {
                  pause();
                  postgres.cancelQuery();
                  return null;
                });
        try {
          statement.execute("SELECT pg_sleep(0.001)");
        } catch (SQLException e) {
          assertThat(e.getSQLState()).isEqualTo("57014");
          inTime++;
        }
        cancel.get();
        for (int next = 0; next < 3; next++) {
          statement.execute("SELECT " + next);
        }
      }
    }
    assertThat(inTime).isBetween(1, CHECKOUTS - 1);
  }

  private static void pause() {
    LockSupport.parkNanos(
        TimeUnit.MICROSECONDS.toNanos(ThreadLocalRandom.current().nextInt(3_000)));
  }

  private void hangUpOnce(String query) {
    FakeToken token = (FakeToken) current.get();
    clients.execute(
        () -> {
          try (Connection monitor = Postgres.shared().connect();
              PreparedStatement running =
                  monitor.prepareStatement(
                      "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ="
                          + " ?")) {
            running.setString(1, query);
            Witness.await().until(() -> number(running) == 1);
            token.cancel();
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static int number(PreparedStatement query) throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      rows.next();
      return rows.getInt(1);
    }
  }

  @Test
  void cancelledQuery_leavesItsTransactionToTheApplication() throws Exception {
    current.set(new FakeToken());
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMPORARY TABLE t (a int)");
      connection.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO t VALUES (1)");
      hangUpOnce("SELECT pg_sleep(30) /* in a transaction */");
      assertThatThrownBy(() -> statement.executeQuery("SELECT pg_sleep(30) /* in a transaction */"))
          .isInstanceOf(org.postgresql.util.PSQLException.class)
          .hasMessageContaining("canceling statement");
      connection.rollback();
      statement.executeUpdate("INSERT INTO t VALUES (2)");
      connection.commit();
      try (ResultSet rows = statement.executeQuery("SELECT a FROM t")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(2);
        assertThat(rows.next()).isFalse();
      }
    }
  }

  @Test
  void rowsOfACursor_areNotFetchedOn() throws Exception {
    FakeToken token = new FakeToken();
    current.set(token);
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.setFetchSize(1);
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT pg_sleep(CASE g WHEN 1 THEN 0 ELSE 30 END) FROM generate_series(1, 9) g")) {
        assertThat(rows.next()).isTrue();
        CompletableFuture<Exception> hangUp =
            CompletableFuture.supplyAsync(() -> late(token), clients);
        long begun = System.nanoTime();
        assertThatThrownBy(rows::next)
            .isInstanceOf(SQLException.class)
            .satisfies(e -> assertThat(((SQLException) e).getSQLState()).isEqualTo("57014"));
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Witness.SOON);
        assertThat(hangUp.get()).isNull();
      }
      connection.rollback();
      assertThat(connection.isValid(1)).isTrue();
    }
  }

  /** HikariCP itself lets go of one whose cancel fails with a SQLState of class 08, at once. */
  private static Connection uncancellable(Connection connection) {
    return new DelegatingConnection(connection) {
      @Override
      public Statement createStatement() throws SQLException {
        return new DelegatingStatement<>(delegate.createStatement()) {
          @Override
          public void cancel() throws SQLException {
            throw new SQLException("The cancel failed", "HY000");
          }
        };
      }
    };
  }

  @Test
  void connectionOfADoubtfulCancel_isReplacedByThePool() throws Exception {
    String query = "SELECT pg_sleep(2) /* not to be cancelled */";
    current.set(new FakeToken());
    try (Logs logs = Logs.swallow();
        HikariDataSource fragile = new HikariDataSource()) {
      fragile.setDataSource(
          (DataSource)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {DataSource.class},
                  (proxy, method, arguments) ->
                      method.getName().equals("getConnection")
                          ? uncancellable(Postgres.shared().connect())
                          : 0));
      fragile.setMaximumPoolSize(1);
      DataSource wrapped =
          SafeAsyncDataSource.wrap(fragile, CancelStatements.QUERIES, current::get);
      int process;
      try (Connection connection = wrapped.getConnection();
          Statement statement = connection.createStatement()) {
        process = connection.unwrap(PGConnection.class).getBackendPID();
        hangUpOnce(query);
        assertThat(statement.execute(query)).isTrue();
      }
      try (Connection connection = wrapped.getConnection()) {
        assertThat(connection.unwrap(PGConnection.class).getBackendPID()).isNotEqualTo(process);
        assertThat(connection.isValid(1)).isTrue();
      }
      assertThat(fragile.getHikariPoolMXBean().getTotalConnections()).isEqualTo(1);
    }
  }
}
