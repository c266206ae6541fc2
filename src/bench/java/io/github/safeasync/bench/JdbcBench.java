package io.github.safeasync.bench;

import com.sun.management.ThreadMXBean;
import com.zaxxer.hikari.HikariDataSource;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * What a wrapped data source costs: a query by primary key of H2 in memory through HikariCP, on the
 * thread of a request, with its checkout and without, and a row of a long result; the bare data
 * source and the wrapped one in turns, in CPU time of the thread.
 */
final class JdbcBench {

  private static final int ROUNDS = 11;
  private static final int ROWS = 1_000;

  /** What a query may pay, with its checkout or without. */
  private static final double MOST_NANOS = 300;

  private static final double MOST_BYTES = 200;

  private static final String OF_H2 = " of H2 in memory";

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** One kind of work, done so many times. */
  private interface Work {
    long times(DataSource dataSource, int count) throws SQLException;
  }

  /** What the wrapped data source adds, and what the bare one takes. */
  private record Cost(double nanos, double bytes, double bareNanos) {

    Figure[] figures() {
      return new Figure[] {
        Figure.of("added", nanos, "ns"),
        Figure.of("added", bytes, "bytes"),
        Figure.of("bare", bareNanos, "ns")
      };
    }

    Figure[] figuresWithBudget() {
      Figure[] figures = figures();
      figures[0] = figures[0].atMost(MOST_NANOS);
      figures[1] = figures[1].atMost(MOST_BYTES);
      return figures;
    }
  }

  private JdbcBench() {}

  static void run(Report report, int count) throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl("jdbc:h2:mem:bench");
      pool.setMaximumPoolSize(2);
      try (Connection connection = pool.getConnection()) {
        connection.createStatement().execute("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
        connection
            .createStatement()
            .execute("INSERT INTO t SELECT X, X FROM SYSTEM_RANGE(1, " + ROWS + ")");
      }
      try (TestServer server =
              Container.available()
                  .iterator()
                  .next()
                  .start(
                      application ->
                          application
                              .filter(new SafeAsyncFilter())
                              .handler(
                                  "/measure",
                                  (in, out) -> measureAll(report, "request", pool, count)));
          RawClient client = RawClient.connect(server, socket -> socket.setSoTimeout(0))) {
        client.get("/measure").readResponse();
      }
      measureAll(report, "no request", pool, count);
    }
  }

  private static void measureAll(Report report, String on, DataSource bare, int count) {
    DataSource wrapped = SafeAsyncDataSource.wrap(bare);
    try {
      Cost withCheckout = measure(bare, wrapped, JdbcBench::checkouts, count, 1);
      report.row(on, "a query with its checkout" + OF_H2, withCheckout.figuresWithBudget());
      Cost query = measure(bare, wrapped, JdbcBench::queries, count, 1);
      report.row(on, "a query" + OF_H2, query.figuresWithBudget());
      Cost row = measure(bare, wrapped, JdbcBench::rows, count / 100, ROWS);
      report.row(on, "a row" + OF_H2, row.figures());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Cost measure(DataSource bare, DataSource wrapped, Work work, int count, int per)
      throws SQLException {
    double[][] nanos = new double[2][ROUNDS];
    double[][] bytes = new double[2][ROUNDS];
    long sum = 0;
    for (int round = -3; round < ROUNDS; round++) {
      for (int way = 0; way < 2; way++) {
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long begun = THREADS.getCurrentThreadCpuTime();
        sum += work.times(way == 0 ? bare : wrapped, count);
        long took = THREADS.getCurrentThreadCpuTime() - begun;
        if (round >= 0) {
          nanos[way][round] = (double) took / count / per;
          bytes[way][round] =
              (double) (THREADS.getCurrentThreadAllocatedBytes() - allocated) / count / per;
        }
      }
    }
    if (sum == 0) {
      throw new IllegalStateException("nothing was read");
    }
    double bareNanos = Samples.median(nanos[0]);
    return new Cost(
        Samples.median(nanos[1]) - bareNanos,
        Samples.median(bytes[1]) - Samples.median(bytes[0]),
        bareNanos);
  }

  private static long checkouts(DataSource dataSource, int count) throws SQLException {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      try (Connection connection = dataSource.getConnection()) {
        sum += query(connection, i);
      }
    }
    return sum;
  }

  private static long queries(DataSource dataSource, int count) throws SQLException {
    long sum = 0;
    try (Connection connection = dataSource.getConnection()) {
      for (int i = 0; i < count; i++) {
        sum += query(connection, i);
      }
    }
    return sum;
  }

  private static long query(Connection connection, int i) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT a FROM t WHERE id = ?")) {
      query.setInt(1, i % ROWS + 1);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next() ? rows.getInt(1) : 0;
      }
    }
  }

  private static long rows(DataSource dataSource, int count) throws SQLException {
    long sum = 0;
    try (Connection connection = dataSource.getConnection();
        PreparedStatement query = connection.prepareStatement("SELECT a FROM t")) {
      for (int i = 0; i < count; i++) {
        try (ResultSet rows = query.executeQuery()) {
          while (rows.next()) {
            sum += rows.getInt(1);
          }
        }
      }
    }
    return sum;
  }
}
