package io.github.safeasync.spring;

import java.time.Duration;
import java.util.List;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A Mono or Flux of a controller that has nothing to say for a while: whether it is cancelled when
 * its client leaves. To Spring MVC a suspending function of Kotlin is a Mono.
 */
class PublisherIT extends IdleResultTests {

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import({SafeAsyncMvcConfiguration.class, Idling.class})
  static class Application {}

  /** Its answers. */
  @RestController
  static class Idling {

    @GetMapping("/mono")
    Mono<String> mono() {
      return Mono.<String>never().doOnSubscribe(any -> began()).doOnCancel(Idling::cancelled);
    }

    @PostMapping("/posted")
    Mono<String> posted() {
      return mono();
    }

    @GetMapping(path = "/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<String> events() {
      return idle();
    }

    @GetMapping(path = "/list", produces = MediaType.APPLICATION_JSON_VALUE)
    Flux<Integer> list() {
      return idle();
    }

    private static <T> Flux<T> idle() {
      return Flux.<T>never().doOnSubscribe(any -> began()).doOnCancel(Idling::cancelled);
    }

    @GetMapping("/answered")
    Mono<String> answered() {
      return Mono.delay(Duration.ofMillis(50))
          .map(tick -> "answered")
          .doOnCancel(Idling::cancelled);
    }

    @GetMapping("/at-once")
    Mono<String> atOnce() {
      return Mono.just("at-once").doOnCancel(Idling::cancelled);
    }

    private static void began() {
      BEGUN.add("began");
    }

    private static void cancelled() {
      CANCELLED.add(System.nanoTime());
    }
  }

  PublisherIT() {
    super(
        Application.class,
        "Mono and Flux",
        List.of("/mono", "/events", "/list"),
        List.of("answered", "at-once", "answered"));
  }
}
