package io.github.safeasync.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/**
 * A cancel that comes late never hits the next user of the connection: clients hang up while a pool
 * of two connections goes from hand to hand, of a database that cancels whatever runs on the
 * connection when the cancel arrives.
 */
class ForeignCancelTest {

  private static final int CHECKOUTS = Integer.getInteger("safeasync.checkouts", 100_000);
  private static final int USERS = 4;

  private final BlockingQueue<Backend> pool = new ArrayBlockingQueue<>(2);
  private final ThreadLocal<CancellationToken> current =
      ThreadLocal.withInitial(CancellationToken::none);
  private final AtomicInteger checkouts = new AtomicInteger();
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger foreign = new AtomicInteger();

  /** A process of the database, which serves one checkout after the other. */
  private static final class Backend {
    volatile int checkout;
    volatile boolean cancelled;
  }

  private final class Checkout extends DelegatingConnection {
    private final Backend backend;
    private final int number = checkouts.incrementAndGet();

    Checkout(Backend backend) {
      super(null);
      this.backend = backend;
      backend.checkout = number;
    }

    @Override
    public Statement createStatement() {
      return new Query();
    }

    @Override
    public boolean isClosed() {
      return false;
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }

    @Override
    public boolean isValid(int timeout) {
      backend.cancelled = false;
      return true;
    }

    @Override
    public void close() {
      backend.checkout = 0;
      pool.add(backend);
    }

    private final class Query extends DelegatingStatement<Statement> {

      Query() {
        super(null);
      }

      @Override
      public boolean execute(String sql) throws SQLException {
        backend.cancelled = false;
        for (int i = ThreadLocalRandom.current().nextInt(400); i > 0; i--) {
          Thread.onSpinWait();
          if (backend.cancelled) {
            throw new SQLException("canceling statement due to user request", "57014");
          }
        }
        return true;
      }

      /** Asked of one that is cancelled again, as it runs on. */
      @Override
      public Connection getConnection() {
        return Checkout.this;
      }

      /** On its way for a while. */
      @Override
      public void cancel() {
        spin(200);
        arrived.incrementAndGet();
        backend.cancelled = true;
        if (backend.checkout != number) {
          foreign.incrementAndGet();
        }
      }

      @Override
      public void close() {}
    }
  }

  private static void spin(int atMost) {
    for (int i = ThreadLocalRandom.current().nextInt(atMost); i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  /**
   * Makes so many checkouts, each for a client that hangs up at some time, or a moment too late.
   */
  private Void use(DataSource dataSource, int times, ExecutorService clients) throws Exception {
    for (int i = 0; i < times; i++) {
      FakeToken token = new FakeToken();
      current.set(token);
      Future<?> hangUp =
          clients.submit(
              () -> {
                spin(400);
                return token.cancel();
              });
      try (Connection connection = dataSource.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT 1");
        statement.execute("SELECT 2");
      } catch (SQLException e) {
        failed.incrementAndGet();
      }
      if (i % 8 == 0) {
        assertThat(hangUp.get()).isNull();
      }
    }
    return null;
  }

  @Test
  void g9NoCancelHitsTheNextUser_ofAPoolOfTwo() throws Exception {
    pool.add(new Backend());
    pool.add(new Backend());
    DataSource dataSource =
        SafeAsyncDataSource.wrap(
            (DataSource)
                Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {DataSource.class},
                    (proxy, method, arguments) -> new Checkout(pool.take())),
            CancelStatements.QUERIES,
            current::get);
    ExecutorService users = Executors.newFixedThreadPool(USERS);
    ExecutorService clients = Executors.newFixedThreadPool(USERS);
    try {
      List<Callable<Void>> all = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        all.add(() -> use(dataSource, CHECKOUTS / USERS, clients));
      }
      for (Future<Void> each : users.invokeAll(all)) {
        each.get();
      }
    } finally {
      users.shutdownNow();
      clients.shutdownNow();
    }
    assertThat(foreign).hasValue(0);
    assertThat(arrived).hasPositiveValue();
    assertThat(failed).hasPositiveValue();
    System.out.printf(
        "%d checkouts of a pool of two: %d cancels arrived, %d queries failed, %d foreign%n",
        checkouts.get(), arrived.get(), failed.get(), foreign.get());
  }
}
