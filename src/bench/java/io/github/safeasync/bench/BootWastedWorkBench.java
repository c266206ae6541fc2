package io.github.safeasync.bench;

import com.zaxxer.hikari.HikariDataSource;
import io.github.safeasync.testkit.Postgres;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RunningQueries;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@link WastedWorkBench} with an application of Spring Boot that knows nothing of the library:
 * without the library, with it alone, and with {@code safe-async.cancel-jdbc=true}.
 */
final class BootWastedWorkBench {

  /** The application. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @Import(Reports.class)
  static class Application {}

  /** Its controller. */
  @RestController
  static class Reports {

    private final JdbcTemplate jdbc;

    Reports(JdbcTemplate jdbc) {
      this.jdbc = jdbc;
    }

    @GetMapping("/report")
    public Long report() {
      return jdbc.queryForObject(WastedWorkBench.QUERY, Long.class);
    }
  }

  private static final String EXCLUDED =
      "org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.orm.jpa.HibernateJpaAutoConfiguration";

  private BootWastedWorkBench() {}

  static void run(Report report, int count) throws Exception {
    if (!Postgres.whyNot().isEmpty()) {
      report.missing("–", count + " queries of ten seconds", Postgres.whyNot());
      return;
    }
    storm(report, count, "without the library", "--safe-async.enabled=false");
    storm(report, count, "the library on the class path", "--safe-async.timeout=60s");
    storm(report, count, "and safe-async.cancel-jdbc=true", "--safe-async.cancel-jdbc=true");
  }

  private static ConfigurableApplicationContext start(int count, String property) {
    return new SpringApplication(Application.class)
        .run(
            "--server.port=0",
            "--server.tomcat.threads.max=" + (count + 20),
            "--spring.main.banner-mode=off",
            "--spring.autoconfigure.exclude=" + EXCLUDED,
            "--spring.datasource.url=" + Postgres.shared().url(),
            "--spring.datasource.hikari.maximum-pool-size=" + count,
            property);
  }

  private static void storm(Report report, int count, String what, String property)
      throws Exception {
    List<RawClient> clients = new ArrayList<>();
    try (RunningQueries queries = RunningQueries.like(WastedWorkBench.QUERY);
        ConfigurableApplicationContext context = start(count, property)) {
      int port = Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
      // The first query would be over before the last connection is made.
      HikariDataSource pool = context.getBean(DataSource.class).unwrap(HikariDataSource.class);
      pool.getConnection().close();
      while (pool.getHikariPoolMXBean().getIdleConnections() < count) {
        pause(10);
      }
      for (int i = 0; i < count; i++) {
        clients.add(RawClient.connect(port).get("/report"));
      }
      while (queries.count() < count) {
        pause(5);
      }
      for (RawClient client : clients) {
        client.close();
      }
      Duration cpu = WastedWorkBench.cpu();
      long left = System.nanoTime();
      int after = count;
      for (int now = count; now > 0; pause(10)) {
        now = queries.count();
        after = secondsSince(left) > 1 ? after : now;
      }
      report.row(
          "Spring Boot",
          "of " + count + ", " + what,
          Figure.of("still run after 1 s", after, "queries"),
          Figure.of("the last for", secondsSince(left), "s"),
          Figure.of("CPU for nobody", WastedWorkBench.cpu().minus(cpu).toMillis() / 1e3, "s"));
    }
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void pause(long millis) {
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    for (long rest = 1; rest > 0; rest = until - System.nanoTime()) {
      LockSupport.parkNanos(rest);
    }
  }
}
