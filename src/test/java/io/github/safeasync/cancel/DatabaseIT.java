package io.github.safeasync.cancel;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/** G9 against real databases: the query of a client that has gone is gone as well. */
class DatabaseIT {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final int QUERIES = 10;

  /** What both call it in SQLState when a statement was cancelled. */
  private static final String CANCELLED = "57014";

  private final ExecutorService pool = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  private interface Database {
    Connection connect() throws SQLException;
  }

  @ParameterizedTest
  @EveryContainer
  void postgres_sleepingQuery_isGoneWithItsClient_G9(Container container) throws Exception {
    String whyNot = Postgres.whyNot();
    assumeTrue(whyNot.isEmpty(), whyNot);
    queriesGoWithTheirClients(
        container,
        Postgres.shared()::connect,
        "SELECT pg_sleep(30) /* theirs */",
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE ?",
        "SELECT pg_sleep(30) %");
  }

  @ParameterizedTest
  @EveryContainer
  void h2_busyQuery_isGoneWithItsClient_G9(Container container) throws Exception {
    queriesGoWithTheirClients(
        container,
        () -> DriverManager.getConnection("jdbc:h2:mem:safeasync"),
        "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000) A, SYSTEM_RANGE(1, 1000000) B",
        "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SESSIONS WHERE EXECUTING_STATEMENT LIKE ?",
        "SELECT COUNT(*) FROM SYSTEM_RANGE%");
  }

  private void queriesGoWithTheirClients(
      Container container, Database database, String slow, String count, String pattern)
      throws Exception {
    long[] millis = new long[QUERIES];
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        Connection monitor = database.connect();
        PreparedStatement running = monitor.prepareStatement(count)) {
      running.setString(1, pattern);
      for (int i = 0; i < QUERIES; i++) {
        CompletableFuture<String> outcome = new CompletableFuture<>();
        long killed;
        try (RawClient client = RawClient.connect(site.server())) {
          client.get("/take");
          SafeAsyncResponse response = site.take();
          pool.execute(() -> outcome.complete(query(database, response, slow)));
          await().pollInterval(Duration.ofMillis(2)).until(() -> number(running) == 1);
          killed = System.nanoTime();
        }
        while (number(running) > 0) {
          assertThat(Duration.ofNanos(System.nanoTime() - killed)).isLessThan(SOON);
        }
        millis[i] = Duration.ofNanos(System.nanoTime() - killed).toMillis();
        assertThat(outcome.get(10, SECONDS)).isEqualTo(CANCELLED);
      }
      logs.assertQuiet();
    }
    java.util.Arrays.sort(millis);
    System.out.printf(
        "%s: %s: from the client's kill until the query was gone: median %d ms, worst %d ms%n",
        container, slow, millis[QUERIES / 2], millis[QUERIES - 1]);
  }

  /** What an application does: the statement is unbound before its connection is closed. */
  private static String query(Database database, SafeAsyncResponse response, String slow) {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      Handle binding = response.cancelOnDisconnect(statement);
      try {
        statement.execute(slow);
        return "it ran to its end";
      } finally {
        binding.remove();
      }
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }

  private static int number(PreparedStatement query) throws SQLException {
    try (ResultSet rows = query.executeQuery()) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
