package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Logs;
import io.micrometer.observation.ObservationFilter;
import jakarta.servlet.Filter;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Level;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.util.ClassUtils;

/** A Spring Boot application with the library on its class path, and nothing else done. */
class SpringBootIT {

  /** An application. */
  @Configuration
  @EnableAutoConfiguration
  @Import({Emitting.class, Refused.class})
  static class Application {}

  @BeforeEach
  void reset() {
    Emitting.reset();
  }

  private static ConfigurableApplicationContext run(String... properties) {
    return Boot.run(Application.class, properties);
  }

  @Test
  void sseEmitter_hearsOfTheHangUp_withNothingConfigured_G6() throws Exception {
    hearsOfTheHangUp("Tomcat", Boot.JETTY);
  }

  /** Spring Boot 3.5 embeds a Jetty 12.0, whose classes are not those of the tests' 12.1. */
  @Test
  @EnabledIf("embedsJetty")
  void sseEmitter_hearsOfTheHangUp_onJetty_G6() throws Exception {
    hearsOfTheHangUp("Jetty", Boot.TOMCAT);
  }

  static boolean embedsJetty() {
    return ClassUtils.isPresent(Boot.JETTY, SpringBootIT.class.getClassLoader());
  }

  private static void hearsOfTheHangUp(String server, String without) throws Exception {
    try (Logs logs = Logs.capture();
        ConfigurableApplicationContext context = Boot.runWithout(without, Application.class)) {
      // By its name, as its type is another one in Spring Boot 4.
      Object started = context.getClass().getMethod("getWebServer").invoke(context);
      assertThat(started.getClass().getSimpleName()).startsWith(server);
      Socket client = Boot.get(context, "/sse");
      assertThat(Emitting.PENDING.poll(10, SECONDS)).isNotNull();
      client.close();
      await().atMost(Duration.ofSeconds(10)).until(() -> Emitting.HEARD.contains("onCompletion"));
      assertThat(Emitting.HEARD).containsExactly("onError", "onCompletion");
      assertThat(logs.aboveInfo()).isEmpty();
    }
  }

  /**
   * On Tomcat alone. Spring Boot 4's Jetty answers the three with 404, with 202 and not at all
   * without the filter; RefusalIT has Jetty, with an error page of its own.
   */
  @Test
  void refusalOnTheAsyncDispatch_isAnsweredAsWithoutTheFilter_G13() throws Exception {
    refusesAsWithoutTheFilter(Boot.JETTY);
  }

  private static void refusesAsWithoutTheFilter(String without) throws Exception {
    List<String> raw = answers(without, "--safe-async.enabled=false");
    assertThat(answers(without)).isEqualTo(raw);
    assertThat(raw).hasSize(3).allMatch(each -> each.startsWith("403 "));
  }

  /** What Spring Boot's error page answers, but when. */
  private static List<String> answers(String without, String... properties) throws Exception {
    List<String> answers = new ArrayList<>();
    try (Logs logs = Logs.swallow();
        ConfigurableApplicationContext context =
            Boot.runWithout(without, Application.class, properties)) {
      HttpClient client = HttpClient.newHttpClient();
      for (String path : Refused.PATHS) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("http://localhost:" + Boot.port(context) + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        String body = response.body().replaceAll("\"timestamp\":\"[^\"]*\",", "");
        answers.add(response.statusCode() + " " + body);
      }
    }
    return answers;
  }

  /** In the application's own configuration, or none. */
  private static FilterRegistrationBean<?> registration(ConfigurableApplicationContext context) {
    return context.getBeansOfType(FilterRegistrationBean.class).values().stream()
        .filter(bean -> bean.getFilter() instanceof SafeAsyncFilter)
        .reduce((one, other) -> fail("two registrations"))
        .orElseThrow();
  }

  @Test
  void properties_areTheInitParams() {
    try (ConfigurableApplicationContext context =
        run("--safe-async.after-disconnect=discard", "--safe-async.timeout=PT1S")) {
      assertThat(registration(context).getInitParameters())
          .containsOnly(entry("after-disconnect", "discard"), entry("timeout", "PT1S"));
      assertThat(registration(context).getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
    }
  }

  /** An application with settings of its own. */
  @Configuration
  @EnableAutoConfiguration
  static class Configured {
    @Bean
    SafeAsyncConfig settings() {
      return SafeAsyncConfig.builder().timeoutStatus(504).timeout(Duration.ofHours(1)).build();
    }
  }

  @Test
  void configBean_isTheBase_andPropertiesOverrideIt() {
    assertThat(installed(Configured.class))
        .contains("timeout=PT10S")
        .contains("timeout-status=504")
        .contains("over-limit=fail");
  }

  /** An application with a filter of its own. */
  @Configuration
  @EnableAutoConfiguration
  static class Filtered {
    @Bean
    SafeAsyncFilter own() {
      return SafeAsyncFilter.create(SafeAsyncConfig.builder().timeoutStatus(505).build());
    }
  }

  @Test
  void filterBean_isTheOneThatIsMapped_withTheProperties() {
    try (ConfigurableApplicationContext context = run(Filtered.class)) {
      assertThat(registration(context).getFilter()).isSameAs(context.getBean("own"));
      assertThat(registration(context).getOrder()).isEqualTo(Ordered.HIGHEST_PRECEDENCE);
    }
    assertThat(installed(Filtered.class)).contains("timeout=PT10S").contains("timeout-status=505");
  }

  /** An application that registers the filter itself. */
  @Configuration
  @EnableAutoConfiguration
  static class Registered {
    @Bean
    FilterRegistrationBean<SafeAsyncFilter> own() {
      FilterRegistrationBean<SafeAsyncFilter> own =
          new FilterRegistrationBean<>(new SafeAsyncFilter());
      own.addUrlPatterns("/api/*");
      own.setOrder(7);
      own.addInitParameter("timeout-status", "506");
      return own;
    }
  }

  @Test
  void registrationOfTheApplication_isTheOnlyOne_withTheProperties() {
    try (ConfigurableApplicationContext context = run(Registered.class)) {
      assertThat(registration(context)).isSameAs(context.getBean("own"));
      assertThat(registration(context).getOrder()).isEqualTo(7);
      assertThat(context.getBeansOfType(SafeAsyncFilter.class)).isEmpty();
    }
    assertThat(installed(Registered.class))
        .contains("timeout=PT10S")
        .contains("timeout-status=506");
  }

  private static ConfigurableApplicationContext run(Class<?> application) {
    return Boot.run(application, "--safe-async.timeout=10s");
  }

  /** What the one filter of an application says at its start. */
  private static String installed(Class<?> application) {
    try (Logs logs = Logs.capture();
        ConfigurableApplicationContext context = run(application)) {
      await().until(() -> !lines(logs).isEmpty());
      assertThat(lines(logs)).hasSize(1);
      return lines(logs).get(0);
    }
  }

  private static List<String> lines(Logs logs) {
    return logs.lines(Level.INFO).stream()
        .filter(line -> line.contains("timeout-status="))
        .toList();
  }

  /** An application with a filter where Spring Boot puts the one that observes requests. */
  @Configuration
  @EnableAutoConfiguration
  @Import(Emitting.class)
  static class Observed {
    static final BlockingQueue<String> SEEN = new LinkedBlockingQueue<>();

    @Bean
    FilterRegistrationBean<Filter> observing() {
      FilterRegistrationBean<Filter> registration =
          new FilterRegistrationBean<>(
              (request, response, chain) -> {
                SEEN.add(request.getClass().getName());
                chain.doFilter(request, response);
              });
      registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
      return registration;
    }
  }

  @Test
  void observation_isInsideOfTheFilter_andToldOfLostClients() throws Exception {
    Observed.SEEN.clear();
    try (ConfigurableApplicationContext context = run(Observed.class);
        Socket client = Boot.get(context, "/sse")) {
      assertThat(Observed.SEEN.poll(10, SECONDS)).startsWith("io.github.safeasync.internal.guard.");
      assertThat(context.getBeansOfType(ObservationFilter.class).values())
          .hasOnlyElementsOfType(LostClientObservations.class)
          .hasSize(1);
    }
  }

  @Test
  void enabledFalse_registersNothing() {
    try (ConfigurableApplicationContext context = run("--safe-async.enabled=false")) {
      assertThat(context.getBeansOfType(SafeAsyncFilter.class)).isEmpty();
      assertThat(context.getBeansOfType(FilterRegistrationBean.class).values())
          .noneMatch(bean -> bean.getFilter() instanceof SafeAsyncFilter);
    }
  }

  @Test
  void unknownProperty_stopsTheStart() {
    stopsTheStart(
        Boot.JETTY,
        "tiemout=1",
        "The property safe-async.tiemout (\"safe-async.tiemout\" from property source"
            + " \"commandLineArgs\") is unknown.",
        "Change it to safe-async.timeout, if that is meant; allowed are safe-async.enabled,"
            + " safe-async.cancel-jdbc, safe-async.cancel-http, safe-async.timeout,");
  }

  @Test
  @EnabledIf("embedsJetty")
  void unknownProperty_stopsTheStart_onJetty() {
    stopsTheStart(
        Boot.TOMCAT,
        "tiemout=1",
        "The property safe-async.tiemout (",
        "Change it to safe-async.timeout,");
  }

  @Test
  void malformedProperty_stopsTheStart() {
    stopsTheStart(
        Boot.JETTY,
        "timeout=soon",
        "A property is malformed: safe-async.timeout = \"soon\"; allowed is milliseconds, or a"
            + " duration such as 30s or PT30S; 0 for none",
        "Change its value, or remove it to have the default.");
  }

  private static void stopsTheStart(
      String without, String property, String description, String action) {
    try (Logs expected = Logs.swallow()) {
      Throwable stopped =
          catchThrowable(
              () ->
                  Boot.runWithout(without, Application.class, "--safe-async." + property).close());
      assertThat(stopped).isNotNull();
      SimpleFormatter formatter = new SimpleFormatter();
      List<String> said = expected.aboveInfo().stream().map(formatter::formatMessage).toList();
      assertThat(said)
          .anySatisfy(
              each ->
                  assertThat(each)
                      .contains("APPLICATION FAILED TO START")
                      .contains("Description:\n\n" + description)
                      .contains("Action:\n\n" + action));
    }
  }
}
