package io.github.safeasync.jdbc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** G9: what runs for an exchange is cancelled with it, and nothing else is. */
class SafeAsyncDataSourceTest {

  private static final String SLOW = "SELECT pg_sleep(30)";

  private final FakeDriver driver = new FakeDriver();
  private final FakeToken token = new FakeToken();
  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private volatile CancellationToken current = token;

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  private Connection connect(CancelStatements which) throws SQLException {
    return SafeAsyncDataSource.wrap(driver.dataSource(), which, () -> current).getConnection();
  }

  private Connection connect() throws SQLException {
    return connect(CancelStatements.QUERIES);
  }

  /** As a database does it. */
  private void untilCancelled() throws SQLException {
    running.countDown();
    try {
      if (cancelled.await(30, SECONDS)) {
        throw new SQLException("canceling statement due to user request", "57014");
      }
    } catch (InterruptedException e) {
      throw new SQLException(e);
    }
  }

  private CompletableFuture<Exception> cancelOnceItRuns() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            running.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return token.cancel();
        },
        pool);
  }

  private void slowQuery() {
    driver.executes = this::untilCancelled;
    driver.cancels = cancelled::countDown;
  }

  private void quickly() {
    driver.executes = () -> {};
  }

  private static void isRefused(SQLException refusal) {
    assertThat(refusal.getSQLState()).isEqualTo("57014");
    assertThat(refusal.getSuppressed()).singleElement().isInstanceOf(Throwable.class);
    assertThat(refusal.getMessage()).contains("The query was not begun", "FIN");
  }

  @Test
  void runningQuery_isCancelled_andFailsAsItsDriverSays() throws Exception {
    slowQuery();
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      CompletableFuture<Exception> cancel = cancelOnceItRuns();
      assertThatThrownBy(() -> statement.execute(SLOW))
          .isExactlyInstanceOf(SQLException.class)
          .hasMessage("canceling statement due to user request")
          .satisfies(e -> assertThat(((SQLException) e).getSQLState()).isEqualTo("57014"))
          .satisfies(
              e ->
                  assertThat(e.getSuppressed())
                      .singleElement()
                      .isInstanceOfSatisfying(
                          ClientDisconnectedException.class,
                          gone -> assertThat(gone.departure()).isEqualTo(FakeToken.DEPARTURE)));
      assertThat(cancel.get(10, SECONDS)).isNull();
    }
    assertThat(driver.closes).hasValue(1);
    assertThat(driver.aborts).hasValue(0);
  }

  @Test
  void fetchOfRows_isCancelled() throws Exception {
    slowQuery();
    try (Connection connection = connect();
        ResultSet rows = connection.createStatement().executeQuery(SLOW)) {
      CompletableFuture<Exception> cancel = cancelOnceItRuns();
      assertThatThrownBy(rows::next).hasMessageContaining("canceling statement");
      assertThat(cancel.get(10, SECONDS)).isNull();
    }
  }

  @Test
  void cancelThatIsLost_isSentAgainWhileItRuns() throws Exception {
    AtomicInteger sent = new AtomicInteger();
    slowQuery();
    driver.cancels =
        () -> {
          if (sent.incrementAndGet() == 2) {
            cancelled.countDown();
          }
        };
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      CompletableFuture<Exception> cancel = cancelOnceItRuns();
      assertThatThrownBy(() -> statement.execute(SLOW)).hasMessageContaining("canceling statement");
      assertThat(cancel.get(10, SECONDS)).isNull();
    }
    assertThat(sent).hasValue(2);
  }

  @Test
  void statementThatEndsByItself_waitsForItsCancel_andTheConnectionIsTriedBeforeItGoesBack()
      throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch returns = new CountDownLatch(1);
    driver.executes =
        () -> {
          running.countDown();
          uninterrupted(inside);
        };
    driver.cancels =
        () -> {
          inside.countDown();
          uninterrupted(returns);
        };
    CompletableFuture<Void> done =
        CompletableFuture.runAsync(
            () -> {
              try (Connection connection = connect();
                  Statement statement = connection.createStatement()) {
                statement.execute(SLOW);
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            },
            pool);
    CompletableFuture<Exception> cancel = cancelOnceItRuns();
    assertThatThrownBy(() -> done.get(100, java.util.concurrent.TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);
    assertThat(driver.closes).hasValue(0);

    returns.countDown();

    done.get(10, SECONDS);
    assertThat(cancel.get(10, SECONDS)).isNull();
    assertThat(driver.validations).hasValue(1);
    assertThat(driver.closes).hasValue(1);
    assertThat(driver.aborts).hasValue(0);
  }

  private static void uninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Nested
  class OfADoubtfulCancel {

    private Exception cancelled(FakeDriver.Action cancel) throws Exception {
      slowQuery();
      driver.cancels =
          () -> {
            cancelled.countDown();
            cancel.run();
          };
      CompletableFuture<Exception> failure = cancelOnceItRuns();
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        assertThatThrownBy(() -> statement.execute(SLOW)).isInstanceOf(SQLException.class);
      }
      return failure.get(20, SECONDS);
    }

    @Test
    void thatThrows_theConnectionIsAborted() throws Exception {
      SQLException failure = new SQLException("I/O error", "08006");

      assertThat(
              cancelled(
                  () -> {
                    throw failure;
                  }))
          .isSameAs(failure);
      assertThat(driver.aborts).hasValue(1);
      assertThat(driver.closes).hasValue(1);
    }

    @Test
    void thatTheDriverDoesNotKnow_theConnectionGoesBack() throws Exception {
      assertThat(
              cancelled(
                  () -> {
                    throw new SQLFeatureNotSupportedException();
                  }))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
      assertThat(driver.aborts).hasValue(0);
    }

    @Test
    void thatDoesNotReturn_theConnectionIsAborted_andItsUserIsFree() throws Exception {
      CountDownLatch returns = new CountDownLatch(1);
      CompletableFuture<Exception> cancel = new CompletableFuture<>();
      pool.execute(
          () -> {
            try {
              cancel.complete(cancelled(() -> uninterrupted(returns)));
            } catch (Exception e) {
              cancel.completeExceptionally(e);
            }
          });

      await().atMost(20, SECONDS).untilAtomic(driver.closes, org.hamcrest.Matchers.is(1));
      assertThat(driver.aborts).hasValue(1);
      returns.countDown();
      assertThat(cancel.get(20, SECONDS)).isNull();
    }

    @Test
    void afterWhichTheConnectionIsNoLongerValid_itIsAborted() throws Exception {
      driver.valid = false;

      assertThat(cancelled(() -> {})).isNull();
      assertThat(driver.validations).hasValue(2);
      assertThat(driver.aborts).hasValue(1);
    }
  }

  @Nested
  class AfterTheHangUp {

    @Test
    void nextQuery_isNotBegun_once_andThenAllIsAsBefore() throws Exception {
      AtomicInteger executed = new AtomicInteger();
      driver.executes = executed::incrementAndGet;
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        statement.execute(SLOW);
        token.cancel();

        assertThatThrownBy(() -> statement.execute(SLOW))
            .isInstanceOfSatisfying(SQLException.class, SafeAsyncDataSourceTest::isRefused);
        assertThat(executed).hasValue(1);
        assertThat(statement.execute(SLOW)).isTrue();
        assertThat(executed).hasValue(2);
      }
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        assertThat(statement.execute(SLOW)).isTrue();
      }
    }

    @Test
    void writesAndCommits_areNotTouched() throws Exception {
      token.cancel();
      try (Connection connection = connect(CancelStatements.ALL);
          Statement statement = connection.createStatement()) {
        assertThat(statement.executeUpdate("DELETE FROM t")).isEqualTo(1);
        assertThatCode(connection::commit).doesNotThrowAnyException();
      }
    }

    @Test
    void eachThread_isToldOnce() throws Exception {
      token.cancel();
      for (int i = 0; i < 2; i++) {
        CompletableFuture.runAsync(
                () -> {
                  try (Connection connection = connect();
                      Statement statement = connection.createStatement()) {
                    assertThatThrownBy(() -> statement.execute(SLOW))
                        .isInstanceOf(SQLException.class);
                    assertThat(statement.execute(SLOW)).isTrue();
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                },
                task -> new Thread(task).start())
            .get(10, SECONDS);
      }
    }

    @Test
    void cleanUpOfACancelledQuery_isNotTouched() throws Exception {
      slowQuery();
      CompletableFuture<Exception> cancel = cancelOnceItRuns();
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        assertThatThrownBy(() -> statement.execute(SLOW)).isInstanceOf(SQLException.class);
        quickly();
        assertThat(statement.execute("SELECT pg_advisory_unlock(1)")).isTrue();
        assertThat(statement.executeUpdate("DELETE FROM t")).isEqualTo(1);
      }
      assertThat(cancel.get(10, SECONDS)).isNull();
    }

    @Test
    void readingOn_isRefusedOnce() throws Exception {
      try (Connection connection = connect();
          ResultSet rows = connection.createStatement().executeQuery(SLOW)) {
        assertThat(rows.next()).isTrue();
        token.cancel();
        assertThatThrownBy(rows::next)
            .isInstanceOfSatisfying(SQLException.class, SafeAsyncDataSourceTest::isRefused);
        assertThat(rows.next()).isTrue();
      }
    }
  }

  @Nested
  class WhatIsBound {

    private boolean isBoundWhile(CancelStatements which, String sql) throws SQLException {
      boolean[] bound = new boolean[1];
      driver.executes = () -> bound[0] = token.isBound();
      try (Connection connection = connect(which);
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
      }
      assertThat(token.isBound()).isFalse();
      return bound[0];
    }

    @Test
    void queries_areBound() throws Exception {
      assertThat(isBoundWhile(CancelStatements.QUERIES, SLOW)).isTrue();
    }

    @Test
    void writes_areNot() throws Exception {
      assertThat(isBoundWhile(CancelStatements.QUERIES, "UPDATE t SET a = 1")).isFalse();
    }

    @Test
    void writes_areIfAllIsAskedFor() throws Exception {
      assertThat(isBoundWhile(CancelStatements.ALL, "UPDATE t SET a = 1")).isTrue();
    }

    @Test
    void nothing_isWithoutAnExchange() throws Exception {
      current = CancellationToken.none();
      assertThat(isBoundWhile(CancelStatements.ALL, SLOW)).isFalse();
      assertThat(driver.validations).hasValue(0);
    }

    @Test
    void connection_thatIsUsedByOneExchangeAfterTheOther_worksForTheLast() throws Exception {
      FakeToken other = new FakeToken();
      try (Connection connection = connect();
          Statement statement = connection.createStatement()) {
        statement.execute(SLOW);
        assertThat(token.isBound()).isTrue();
        current = other;
        statement.execute(SLOW);
        assertThat(token.isBound()).isFalse();
        assertThat(other.isBound()).isTrue();
      }
      assertThat(other.isBound()).isFalse();
    }

    @Test
    void twoStatementsAtOnce_areBothCancelled() throws Exception {
      FakeToken other = new FakeToken();
      CountDownLatch both = new CountDownLatch(2);
      AtomicInteger cancels = new AtomicInteger();
      driver.cancels = cancels::incrementAndGet;
      driver.executes =
          () -> {
            both.countDown();
            uninterrupted(both);
            await().untilAtomic(cancels, org.hamcrest.Matchers.greaterThanOrEqualTo(2));
          };
      ThreadLocal<CancellationToken> tokens = new ThreadLocal<>();
      try (Connection connection =
          SafeAsyncDataSource.wrap(driver.dataSource(), CancelStatements.QUERIES, tokens::get)
              .getConnection()) {
        CompletableFuture<?>[] users =
            java.util.stream.Stream.of(token, other)
                .map(
                    each ->
                        CompletableFuture.runAsync(
                            () -> {
                              tokens.set(each);
                              try (Statement statement = connection.createStatement()) {
                                statement.execute(SLOW);
                              } catch (SQLException e) {
                                throw new IllegalStateException(e);
                              }
                            },
                            pool))
                .toArray(CompletableFuture<?>[]::new);
        uninterrupted(both);
        pool.execute(token::cancel);
        pool.execute(other::cancel);
        CompletableFuture.allOf(users).get(10, SECONDS);
      }
      assertThat(cancels).hasValueGreaterThanOrEqualTo(2);
    }
  }
}
