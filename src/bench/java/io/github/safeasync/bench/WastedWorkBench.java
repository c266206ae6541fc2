package io.github.safeasync.bench;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is still computed for clients that have gone: 200 clients ask for a query of PostgreSQL that
 * takes 10 seconds, most of them waiting, and hang up when the last query has begun. Once with an
 * ordinary asynchronous servlet, once with the library and the statement bound to the exchange.
 *
 * <p>Needs a PostgreSQL of the machine's packages; {@code -Dmd5=300} makes a query busier.
 */
final class WastedWorkBench {
  private static final int CLIENTS = 200;

  /** 200 steps, each of which waits for 50 ms and computes so many hashes. */
  static final String QUERY =
      "SELECT count(md5((g + h)::text)) FROM generate_series(1, 200) g,"
          + " LATERAL (SELECT pg_sleep(0.05 + 0 * g)) s, generate_series(1, "
          + Integer.getInteger("md5", 300)
          + ") h";

  private static final double MOST_RUNNING = 0.2;

  private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
  private final ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
  private final CountDownLatch allBegun = new CountDownLatch(CLIENTS);
  private final CountDownLatch allEnded = new CountDownLatch(CLIENTS);
  private final AtomicInteger running = new AtomicInteger();

  private WastedWorkBench() throws SQLException {
    for (int i = 0; i < CLIENTS; i++) {
      connections.add(Postgres.shared().connect());
    }
  }

  /** Runs both ways on every container of Servlet 6.0. */
  static void run(Report report, int ignored) throws Exception {
    if (!Postgres.whyNot().isEmpty()) {
      report.missing("–", CLIENTS + " queries of ten seconds", Postgres.whyNot());
      return;
    }
    for (Container container : Container.available()) {
      new WastedWorkBench().storm(report, container, false);
      new WastedWorkBench().storm(report, container, true);
    }
  }

  private void ordinary(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    pool.execute(
        () -> {
          try (Statement statement = connections.remove().createStatement()) {
            execute(statement);
            response.getWriter().write("done");
          } catch (SQLException | IOException e) {
            throw new IllegalStateException(e);
          } finally {
            context.complete();
          }
        });
  }

  private void bound(HttpServletRequest request, HttpServletResponse ignored) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    pool.execute(
        response.guard(
            () -> {
              try (Statement statement = connections.remove().createStatement()) {
                Handle binding = response.cancelOnDisconnect(statement);
                try {
                  execute(statement);
                } finally {
                  binding.remove();
                }
                response.finish("done");
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            }));
  }

  private void execute(Statement statement) throws SQLException {
    running.incrementAndGet();
    allBegun.countDown();
    try {
      statement.execute(QUERY);
    } finally {
      running.decrementAndGet();
      allEnded.countDown();
    }
  }

  private void storm(Report report, Container container, boolean withLibrary) throws Exception {
    List<Connection> open = List.copyOf(connections);
    try (TestServer server =
        container.start(
            application -> {
              if (withLibrary) {
                application.filter(new SafeAsyncFilter()).handler("/slow", this::bound);
              } else {
                application.handler("/slow", this::ordinary);
              }
            })) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(RawClient.connect(server).get("/slow"));
      }
      allBegun.await();
      for (RawClient client : clients) {
        client.close();
      }
      add(report, container, withLibrary, System.nanoTime());
    } finally {
      pool.shutdownNow();
      for (Connection connection : open) {
        connection.close();
      }
    }
  }

  private void add(Report report, Container container, boolean withLibrary, long left)
      throws Exception {
    Duration cpu = cpu();
    allEnded.await(1, TimeUnit.SECONDS);
    int after = running.get();
    allEnded.await();
    Figure after1 = Figure.of("still run after 1 s", after, "queries");
    report.row(
        container,
        "of " + CLIENTS + (withLibrary ? " bound to it" : " without the library"),
        withLibrary ? after1.atMost(CLIENTS * MOST_RUNNING) : after1,
        Figure.of("the last for", millisSince(left, System.nanoTime()) / 1e3, "s"),
        Figure.of("CPU for nobody", cpu().minus(cpu).toMillis() / 1e3, "s"));
  }

  private static long millisSince(long start, long end) {
    return TimeUnit.NANOSECONDS.toMillis(end - start);
  }

  /** The CPU time of this process and of the database's. */
  static Duration cpu() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .orElse(Duration.ZERO)
        .plus(Postgres.shared().cpu());
  }
}
