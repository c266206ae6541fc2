package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import io.github.safeasync.testkit.Logs;
import jakarta.servlet.http.HttpServletRequest;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Level;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;

/**
 * An unchanged application of Spring Boot with {@code safe-async.cancel-jdbc} or {@code
 * cancel-http}.
 */
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

  /** An application that calls itself. */
  @Configuration
  @EnableAutoConfiguration
  @Import(Calling.class)
  static class Chained {
    @Bean
    HttpClient upstream() {
      return HttpClient.newHttpClient();
    }

    @Bean
    RestTemplate template() {
      return new RestTemplate(new JdkClientHttpRequestFactory(HttpClient.newHttpClient()));
    }
  }

  /** A controller that calls another that takes its time, each in another way. */
  @RestController
  static class Calling {
    private final HttpClient client;
    private final RestTemplate template;
    private final ObjectProvider<RestClient.Builder> builders;

    Calling(HttpClient client, RestTemplate template, ObjectProvider<RestClient.Builder> builders) {
      this.client = client;
      this.template = template;
      this.builders = builders;
    }

    @GetMapping("/client")
    String client(HttpServletRequest request) throws Exception {
      return client
          .send(HttpRequest.newBuilder(slow(request)).build(), BodyHandlers.ofString())
          .body();
    }

    @GetMapping("/template")
    String template(HttpServletRequest request) {
      return template.getForObject(slow(request), String.class);
    }

    @GetMapping("/rest-client")
    String restClient(HttpServletRequest request) {
      return builders.getObject().build().get().uri(slow(request)).retrieve().body(String.class);
    }

    private static URI slow(HttpServletRequest request) {
      return URI.create("http://localhost:" + request.getLocalPort() + "/slow");
    }

    @GetMapping("/slow")
    String slow(CancellationToken token) throws InterruptedException {
      TOKENS.add(token);
      for (int i = 0; i < 2_000 && !token.isCancelled(); i++) {
        Thread.sleep(10);
      }
      return "slow";
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

  /** The client of the first leaves, and the second of the two hears of it. */
  @Test
  void cancelHttp_endsTheCallOfAChain_andSaysWhatIsWrapped() throws Exception {
    TOKENS.clear();
    try (Logs logs = Logs.swallow();
        ConfigurableApplicationContext context =
            Boot.run(Chained.class, "--safe-async.cancel-http=true")) {
      List<String> ways = new ArrayList<>(List.of("/client", "/template"));
      if (context.getBeanNamesForType(RestClient.Builder.class).length > 0) {
        ways.add("/rest-client");
      }
      for (String each : ways) {
        Socket client = Boot.get(context, each);
        CancellationToken slow = TOKENS.poll(10, SECONDS);
        assertThat(slow).as(each).isNotNull();
        client.close();
        await().atMost(Duration.ofSeconds(10)).until(slow::isCancelled);
      }
      assertThat(logs.lines(Level.INFO))
          .contains(
              "safe-async.cancel-http wraps upstream as HttpClient",
              "safe-async.cancel-http wraps template as RestTemplate");
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
