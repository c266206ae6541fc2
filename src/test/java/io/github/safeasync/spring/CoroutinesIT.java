package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.BeforeEach;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/**
 * Suspending functions and a Flow of a controller in Kotlin, which was not changed: whether they
 * are cancelled when their client leaves, and clean up.
 */
class CoroutinesIT extends IdleResultTests {

  private static final BlockingQueue<String> CLEANED = new LinkedBlockingQueue<>();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import(SafeAsyncMvcConfiguration.class)
  static class Application {

    @Bean
    SuspendingController controller() {
      return new SuspendingController(BEGUN, CANCELLED, CLEANED);
    }
  }

  CoroutinesIT() {
    super(
        Application.class,
        "Kotlin's coroutines",
        List.of("/suspended", "/flow"),
        List.of("answered"));
  }

  @BeforeEach
  void clear() {
    CLEANED.clear();
  }

  @Override
  void awaitCleanUp(String path) throws InterruptedException {
    assertThat(CLEANED.poll(10, SECONDS)).as(path).isNotNull();
  }
}
