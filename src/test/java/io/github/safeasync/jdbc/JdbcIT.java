package io.github.safeasync.jdbc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RunningQueries;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * G9: servlets that know nothing of the library, over HikariCP and PostgreSQL, whose data source is
 * wrapped.
 */
class JdbcIT {

  private static final int SIZE = 2;

  /** The whole form of the issue is 1,000. */
  private static final int KILLS = Integer.getInteger("safeasync.kills", 20);

  private static final String SLOW = "SELECT pg_sleep(30) /* JdbcIT */";
  private static final String SHORT = "SELECT pg_sleep(0.5) /* JdbcIT */";

  private static final String OURS = "SELECT pg_sleep(%) /* JdbcIT */";

  private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
  private final ExecutorService executor = Executors.newCachedThreadPool(JdbcIT::thread);
  private HikariDataSource pool;
  private DataSource dataSource;

  @AfterEach
  void stop() {
    executor.shutdownNow();
    if (pool != null) {
      pool.close();
    }
  }

  /** Of the server, not of the application whose request needs it first: Tomcat would complain. */
  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task);
    thread.setContextClassLoader(JdbcIT.class.getClassLoader());
    return thread;
  }

  private void postgres() {
    String whyNot = Postgres.whyNot();
    assumeTrue(whyNot.isEmpty(), whyNot);
    pool = new HikariDataSource();
    pool.setJdbcUrl(Postgres.shared().url());
    pool.setMaximumPoolSize(SIZE);
    pool.setThreadFactory(JdbcIT::thread);
    dataSource = SafeAsyncDataSource.wrap(pool);
  }

  private void query(String sql) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {}
      outcomes.add("it ran to its end");
    } catch (SQLException e) {
      outcomes.add(e);
    }
  }

  private void blocking(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    query(request.getParameter("short") == null ? SLOW : SHORT);
    response.getWriter().write("done");
  }

  private void asynchronous(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = request.startAsync();
    context.start(
        () -> {
          query(SLOW);
          context.complete();
        });
  }

  private void guarded(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response
        .guardExecutor(executor)
        .execute(
            () -> {
              query(SLOW);
              response.finish();
            });
  }

  /** Puts things in order after the hang-up, with a write, a read and a commit. */
  private void transaction(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO jobs VALUES ('lost')");
      try {
        statement.executeQuery(SLOW);
      } catch (SQLException e) {
        connection.rollback();
        statement.executeUpdate("INSERT INTO jobs VALUES ('failed')");
        try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM jobs")) {
          rows.next();
          outcomes.add(rows.getInt(1));
        }
        connection.commit();
        outcomes.add(e);
      }
    } catch (SQLException e) {
      outcomes.add(e);
    }
  }

  private TestApplication application(TestApplication application) {
    return application
        .handler("/blocking", this::blocking)
        .handler("/asynchronous", this::asynchronous)
        .handler("/guarded", this::guarded)
        .handler("/transaction", this::transaction);
  }

  private TestServer start(Container container) throws Exception {
    return container.start(it -> application(it.filter(new SafeAsyncFilter())));
  }

  /** Returns how long the query has outlived its client. */
  private Duration kill(TestServer server, RunningQueries monitor, String request)
      throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      client.send(request + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      monitor.await(1);
    }
    return monitor.awaitEnd();
  }

  private Object outcome() throws InterruptedException {
    return outcomes.poll(10, SECONDS);
  }

  private static void isCancelled(Object outcome) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            org.postgresql.util.PSQLException.class,
            failure -> {
              assertThat(failure.getSQLState()).isEqualTo("57014");
              assertThat(failure.getSuppressed())
                  .singleElement()
                  .isInstanceOf(ClientDisconnectedException.class);
            });
  }

  @ParameterizedTest
  @EveryContainer
  void query_goesWithItsClient_andItsConnectionBackToThePool_G9(Container container)
      throws Exception {
    postgres();
    long[] millis = new long[KILLS];
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RunningQueries monitor = RunningQueries.like(OURS)) {
      for (int i = 0; i < KILLS; i++) {
        millis[i] = kill(server, monitor, "GET /blocking").toMillis();
        isCancelled(outcome());
      }
      Witness.await().until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
      assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isLessThanOrEqualTo(SIZE);
      try (RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/blocking?short").readResponse().body()).isEqualTo("done");
      }
      assertThat(outcome()).isEqualTo("it ran to its end");
      logs.assertQuiet();
    }
    Arrays.sort(millis);
    System.out.printf(
        "%s: %d queries through HikariCP: from the client's kill until the query was gone: median"
            + " %d ms, worst %d ms%n",
        container, KILLS, millis[KILLS / 2], millis[KILLS - 1]);
  }

  /** Each would begin its query for nobody, one after the other, when it gets a connection. */
  @ParameterizedTest
  @EveryContainer
  void requestsThatWaitForThePool_areOverWithTheirClients_G9(Container container) throws Exception {
    postgres();
    int waiting = 6;
    List<RawClient> clients = new ArrayList<>();
    try (TestServer server = start(container);
        RunningQueries monitor = RunningQueries.like(OURS)) {
      for (int i = 0; i < SIZE + waiting; i++) {
        clients.add(RawClient.connect(server).get("/blocking"));
      }
      monitor.await(SIZE);
      Witness.await()
          .until(() -> pool.getHikariPoolMXBean().getThreadsAwaitingConnection() == waiting);
      for (RawClient client : clients) {
        client.close();
      }
      for (int i = 0; i < clients.size(); i++) {
        assertThat(outcome())
            .isInstanceOfSatisfying(
                SQLException.class,
                failure -> {
                  assertThat(failure.getSQLState()).isEqualTo("57014");
                  assertThat(failure.getSuppressed())
                      .singleElement()
                      .isInstanceOf(ClientDisconnectedException.class);
                });
      }
      assertThat(monitor.count()).isZero();
      Witness.await().until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void query_runsOn_withoutTheFilter(Container container) throws Exception {
    postgres();
    try (TestServer server = container.start(this::application);
        RunningQueries monitor = RunningQueries.like(OURS)) {
      try (RawClient client = RawClient.connect(server)) {
        client.get("/blocking?short");
        monitor.await(1);
      }
      assertThat(outcome()).isEqualTo("it ran to its end");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void query_ofAPost_isSpared_G9(Container container) throws Exception {
    postgres();
    try (TestServer server = start(container);
        RunningQueries monitor = RunningQueries.like(OURS)) {
      kill(server, monitor, "POST /blocking?short");
      assertThat(outcome()).isEqualTo("it ran to its end");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void query_onAThreadThatWorksForTheRequest_goesWithItsClient_G9(Container container)
      throws Exception {
    postgres();
    try (TestServer server = start(container);
        RunningQueries monitor = RunningQueries.like(OURS)) {
      kill(server, monitor, "GET /asynchronous");
      isCancelled(outcome());
      kill(server, monitor, "GET /guarded");
      isCancelled(outcome());
    }
  }

  @ParameterizedTest
  @EveryContainer
  void transaction_ofACancelledQuery_isTheApplications_G13(Container container) throws Exception {
    postgres();
    try (TestServer server = start(container);
        RunningQueries monitor = RunningQueries.like(OURS);
        Statement statement = monitor.connection().createStatement()) {
      statement.execute("DROP TABLE IF EXISTS jobs");
      statement.execute("CREATE TABLE jobs (state text)");
      kill(server, monitor, "GET /transaction");
      assertThat(outcome()).isEqualTo(1);
      isCancelled(outcome());
      Witness.await().until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
      try (ResultSet rows = statement.executeQuery("SELECT state FROM jobs")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getString(1)).isEqualTo("failed");
        assertThat(rows.next()).isFalse();
      }
    }
  }
}
