package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Logs;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;

/** An unchanged application of Spring Boot with a registry of Micrometer's. */
class MetricsIT {

  /** An application. */
  @Configuration
  @EnableAutoConfiguration
  @Import(Waiting.class)
  static class Application {
    @Bean
    MeterRegistry registry() {
      return new SimpleMeterRegistry();
    }
  }

  /** A controller that never answers. */
  @RestController
  static class Waiting {
    @GetMapping("/waiting")
    DeferredResult<String> waiting() {
      return new DeferredResult<>();
    }
  }

  private static double value(MeterRegistry registry, String name, String... tags) {
    return registry
        .get(name)
        .tags(tags)
        .tag("filter", "safeAsyncFilter")
        .meter()
        .measure()
        .iterator()
        .next()
        .getValue();
  }

  @Test
  void metersOfTheFilter_areBound() throws Exception {
    try (Logs logs = Logs.swallow();
        ConfigurableApplicationContext context = Boot.run(Application.class)) {
      MeterRegistry registry = context.getBean(MeterRegistry.class);
      try (Socket client = Boot.get(context, "/waiting")) {
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> value(registry, "safe.async.exchanges.open") == 1);
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> value(registry, "safe.async.disconnected.after") == 1);
      assertThat(value(registry, "safe.async.exchanges", "end", "disconnected")).isEqualTo(1);
      assertThat(value(registry, "safe.async.disconnects", "evidence", "fin")).isEqualTo(1);
      assertThat(value(registry, "safe.async.exchanges.open")).isZero();
    }
  }
}
