package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RunningQueries;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.LogRecord;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * {@link Reports}, which knows nothing of the library, twice, over HikariCP and PostgreSQL: one
 * asks the other. Two properties are all that is set.
 */
class UnchangedApplicationIT {

  private static final List<String> PROPERTIES =
      List.of("--safe-async.cancel-jdbc=true", "--safe-async.cancel-http=true");

  private static final int SIZE = 2;
  private static final int KILLS = Tries.areAll() ? 100 : 20;
  private static final int KILLS_OF_JDBC = Tries.areAll() ? 1_000 : 40;

  /** Half a second for a machine that does much else; on a quiet one it is a tenth. */
  private static final Duration MEDIAN = Duration.ofMillis(500);

  private static final String QUERY = "SELECT 1 FROM pg_sleep(%";
  private static final String WRITE = "INSERT INTO visits%";

  private static final List<ConfigurableApplicationContext> STARTED = new ArrayList<>();
  private static ConfigurableApplicationContext service;
  private static ConfigurableApplicationContext front;

  private Logs logs;

  private static ConfigurableApplicationContext start(
      ConfigurableApplicationContext upstream, List<String> properties) {
    List<String> all = new ArrayList<>(properties);
    all.add("--spring.datasource.url=" + Postgres.shared().url());
    all.add("--spring.datasource.hikari.maximum-pool-size=" + SIZE);
    if (upstream != null) {
      all.add("--reports.upstream=http://localhost:" + Boot.port(upstream));
    }
    ConfigurableApplicationContext context =
        Boot.runWithDatabase(Reports.class, all.toArray(String[]::new));
    STARTED.add(context);
    return context;
  }

  @BeforeAll
  static void startBoth() throws SQLException {
    String whyNot = Postgres.whyNot();
    assumeTrue(whyNot.isEmpty(), whyNot);
    try (Logs starting = Logs.swallow();
        RunningQueries database = RunningQueries.like(QUERY);
        Statement statement = database.connection().createStatement()) {
      statement.execute("CREATE TABLE IF NOT EXISTS visits (how text)");
      service = start(null, PROPERTIES);
      front = start(service, PROPERTIES);
    }
  }

  @AfterAll
  static void stopAll() {
    STARTED.forEach(ConfigurableApplicationContext::close);
    STARTED.clear();
  }

  @BeforeEach
  void listen() throws SQLException {
    logs = Logs.swallow(); // Hibernate warns of each query that is cancelled.
    try (RunningQueries database = RunningQueries.like(QUERY);
        Statement statement = database.connection().createStatement()) {
      statement.execute("DELETE FROM visits");
    }
  }

  @AfterEach
  void close() {
    logs.close();
  }

  private static RawClient ask(ConfigurableApplicationContext context, String request)
      throws Exception {
    return RawClient.connect(Boot.port(context))
        .send(request + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  }

  private static String answer(ConfigurableApplicationContext context, String request)
      throws Exception {
    try (RawClient client = ask(context, request)) {
      return client.readResponse().body();
    }
  }

  /** Lets clients leave, one after the other, while the query for them runs. */
  private static void kill(ConfigurableApplicationContext context, String path, int times)
      throws Exception {
    long[] millis = new long[times];
    try (RunningQueries running = RunningQueries.like(QUERY)) {
      for (int i = 0; i < times; i++) {
        try (RawClient client = ask(context, "GET " + path + "?seconds=30")) {
          running.await(1);
        }
        millis[i] = running.awaitEnd().toMillis();
      }
    }
    Arrays.sort(millis);
    System.out.printf(
        "Spring Boot, unchanged: %d clients killed in %s: from the kill until the query was gone:"
            + " median %d ms, worst %d ms%n",
        times, path, millis[times / 2], millis[times - 1]);
    assertThat(Duration.ofMillis(millis[times / 2])).isLessThan(MEDIAN);
  }

  private static HikariDataSource pool(ConfigurableApplicationContext context) throws SQLException {
    return context.getBean(DataSource.class).unwrap(HikariDataSource.class);
  }

  private static void returnsToItsPool(ConfigurableApplicationContext context) throws SQLException {
    HikariDataSource pool = pool(context);
    Witness.await().until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
    assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isLessThanOrEqualTo(SIZE);
    assertThat(pool.getHikariPoolMXBean().getThreadsAwaitingConnection()).isZero();
  }

  /** A pool says so at WARN when it gives a connection up, a container when a servlet failed. */
  private void nobodyComplains() {
    assertThat(logs.aboveInfo())
        .extracting(LogRecord::getLoggerName)
        .allMatch(name -> name.startsWith("org.hibernate"));
  }

  /** All queries are the service's, and the next one is answered. */
  private void queriesGoWithTheirClients(
      ConfigurableApplicationContext asked, String path, int kills, String answer)
      throws Exception {
    kill(asked, path, kills);
    returnsToItsPool(service);
    assertThat(answer(asked, "GET " + path + "?seconds=0")).isEqualTo(answer);
    nobodyComplains();
  }

  @Test
  void jdbcTemplate_itsQueryGoesWithItsClient_andNoConnectionLeaks_G9() throws Exception {
    queriesGoWithTheirClients(service, "/jdbc", KILLS_OF_JDBC, "jdbc 1");
  }

  @Test
  void jpa_itsNativeQueryGoesWithItsClient_G9() throws Exception {
    queriesGoWithTheirClients(service, "/jpa", KILLS, "jpa 1");
  }

  @Test
  void restClient_theQueryOfTheServiceBehindGoesWithTheFirstOnesClient_G9() throws Exception {
    queriesGoWithTheirClients(front, "/chain", KILLS, "chain jdbc 1");
  }

  private static void leaveDuring(
      ConfigurableApplicationContext context, String request, String statement) throws Exception {
    try (RunningQueries running = RunningQueries.like(statement)) {
      try (RawClient client = ask(context, request)) {
        running.await(1);
      }
      assertThat(running.awaitEnd()).isGreaterThan(Duration.ofMillis(500));
    }
  }

  @Test
  void post_isUntouched() throws Exception {
    leaveDuring(service, "POST /jdbc?seconds=1", QUERY);
    returnsToItsPool(service);
    nobodyComplains();
  }

  @Test
  void write_isUntouched_andCommitted_G13() throws Exception {
    leaveDuring(service, "GET /visit?seconds=1", WRITE);
    returnsToItsPool(service);
    try (RunningQueries database = RunningQueries.like(QUERY);
        Statement statement = database.connection().createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM visits")) {
      rows.next();
      assertThat(rows.getInt(1)).isEqualTo(1);
    }
    nobodyComplains();
  }

  /** What Spring Boot does by itself. */
  @Test
  void withoutTheProperties_theQueryRunsOn() throws Exception {
    ConfigurableApplicationContext bare = start(service, List.of());
    leaveDuring(bare, "GET /jdbc?seconds=1", QUERY);
    leaveDuring(bare, "GET /jpa?seconds=1", QUERY);
    leaveDuring(bare, "GET /chain?seconds=1", QUERY);
  }
}
