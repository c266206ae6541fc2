package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import io.github.safeasync.testkit.Logs;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Level;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An unchanged application of Spring Boot with {@code safe-async.cancel-jdbc=true}. */
class CancelBeansIT {

  static final BlockingQueue<CancellationToken> TOKENS = new LinkedBlockingQueue<>();

  /** An application with a database that it does not ask, and methods on other threads. */
  @Configuration
  @EnableAutoConfiguration
  @EnableAsync
  @Import({Asking.class, Service.class})
  static class Application {
    @Bean
    DataSource orders() {
      JdbcDataSource source = new JdbcDataSource();
      source.setURL("jdbc:h2:mem:orders");
      return source;
    }
  }

  /** A service. */
  static class Service {
    @Async
    public void work() {
      TOKENS.add(CancellationToken.current());
    }
  }

  /** A controller. */
  @RestController
  static class Asking {
    private final Service service;

    Asking(Service service) {
      this.service = service;
    }

    @GetMapping("/work")
    String work() {
      TOKENS.add(CancellationToken.current());
      service.work();
      return "begun";
    }
  }

  private static ConfigurableApplicationContext run(String... properties) {
    TOKENS.clear();
    return Boot.run(Application.class, properties);
  }

  @Test
  void byDefault_nothingIsWrapped() {
    try (ConfigurableApplicationContext context = run()) {
      assertThat(context.getBean(DataSource.class)).isInstanceOf(JdbcDataSource.class);
    }
  }

  @Test
  void cancelJdbc_wrapsTheDataSources_andSaysWhich() throws Exception {
    try (Logs logs = Logs.capture();
        ConfigurableApplicationContext context = run("--safe-async.cancel-jdbc=true")) {
      DataSource source = context.getBean(DataSource.class);
      assertThat(source).isInstanceOf(SafeAsyncDataSource.class);
      assertThat(source.unwrap(JdbcDataSource.class)).isNotNull();
      assertThat(logs.lines(Level.INFO))
          .filteredOn(line -> line.contains("cancel-jdbc"))
          .containsExactly("safe-async.cancel-jdbc wraps orders as DataSource");
    }
  }

  @Test
  void cancelJdbc_carriesTheExchangeToAsyncMethods() throws Exception {
    try (ConfigurableApplicationContext context = run("--safe-async.cancel-jdbc=true")) {
      Boot.get(context, "/work").close();
      CancellationToken ofTheRequest = TOKENS.poll(10, SECONDS);
      assertThat(ofTheRequest).isNotNull().isNotSameAs(CancellationToken.none());
      assertThat(TOKENS.poll(10, SECONDS)).isSameAs(ofTheRequest);
    }
  }
}
