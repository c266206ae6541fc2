package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Logs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.ClassUtils;

/** A Spring Boot application with the library on its class path, and nothing else done. */
class SpringBootIT {

  /** An application. */
  @Configuration
  @EnableAutoConfiguration
  @Import({Emitting.class, Refused.class})
  static class Application {}

  /** Of Spring Boot 4. */
  private static final String TOMCAT =
      "org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration";

  /** Of Spring Boot 4. */
  private static final String JETTY =
      "org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration";

  /** Of Spring Boot 3.5, whose security is on the class path of the tests. */
  private static final String SECURITY =
      "org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration";

  private final Map<String, String> ofTheHarness = new HashMap<>();

  /** To Spring the harness's own properties, "safeasync.", are spelt as the filter's are. */
  @BeforeEach
  void reset() {
    Emitting.reset();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith("safeasync.")) {
        ofTheHarness.put(name, System.clearProperty(name));
      }
    }
  }

  @AfterEach
  void restore() {
    ofTheHarness.forEach(System::setProperty);
  }

  private static ConfigurableApplicationContext run(String... properties) {
    return runWithout(JETTY, properties);
  }

  /** Runs without one of two servers, if both are there. */
  private static ConfigurableApplicationContext runWithout(String server, String... properties) {
    String[] all = Arrays.copyOf(properties, properties.length + 3);
    all[properties.length] = "--server.port=0";
    all[properties.length + 1] = "--spring.main.banner-mode=off";
    all[properties.length + 2] = "--spring.autoconfigure.exclude=" + server + "," + SECURITY;
    return new SpringApplication(Application.class).run(all);
  }

  private static Socket get(ConfigurableApplicationContext context, String path)
      throws IOException {
    int port = Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket
        .getOutputStream()
        .write(
            ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  @Test
  void sseEmitter_hearsOfTheHangUp_withNothingConfigured_G6() throws Exception {
    hearsOfTheHangUp("Tomcat", JETTY);
  }

  /** Spring Boot 3.5 embeds a Jetty 12.0, whose classes are not those of the tests' 12.1. */
  @Test
  @EnabledIf("embedsJetty")
  void sseEmitter_hearsOfTheHangUp_onJetty_G6() throws Exception {
    hearsOfTheHangUp("Jetty", TOMCAT);
  }

  static boolean embedsJetty() {
    return ClassUtils.isPresent(JETTY, SpringBootIT.class.getClassLoader());
  }

  private static void hearsOfTheHangUp(String server, String without) throws Exception {
    try (Logs logs = Logs.capture();
        ConfigurableApplicationContext context = runWithout(without)) {
      // By its name, as its type is another one in Spring Boot 4.
      Object started = context.getClass().getMethod("getWebServer").invoke(context);
      assertThat(started.getClass().getSimpleName()).startsWith(server);
      Socket client = get(context, "/sse");
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
    refusesAsWithoutTheFilter(JETTY);
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
        ConfigurableApplicationContext context = runWithout(without, properties)) {
      String port = context.getEnvironment().getProperty("local.server.port");
      HttpClient client = HttpClient.newHttpClient();
      for (String path : Refused.PATHS) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        String body = response.body().replaceAll("\"timestamp\":\"[^\"]*\",", "");
        answers.add(response.statusCode() + " " + body);
      }
    }
    return answers;
  }

  @Test
  void properties_areTheInitParams() {
    try (ConfigurableApplicationContext context =
        run("--safe-async.after-disconnect=discard", "--safe-async.timeout=PT1S")) {
      FilterRegistrationBean<?> registration =
          context.getBean("safeAsyncFilter", FilterRegistrationBean.class);
      assertThat(registration.getInitParameters())
          .containsEntry("after-disconnect", "discard")
          .containsEntry("timeout", "PT1S");
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
    unknownPropertyStopsTheStart(JETTY);
  }

  @Test
  @EnabledIf("embedsJetty")
  void unknownProperty_stopsTheStart_onJetty() {
    unknownPropertyStopsTheStart(TOMCAT);
  }

  /** Tomcat logs what the filter says, Jetty throws it on. */
  private static void unknownPropertyStopsTheStart(String without) {
    try (Logs expected = Logs.swallow()) {
      Throwable stopped =
          catchThrowable(() -> runWithout(without, "--safe-async.tiemout=1").close());
      assertThat(stopped).isNotNull();
      List<Throwable> all = new ArrayList<>(expected.throwables());
      all.add(stopped);
      assertThat(all)
          .anySatisfy(each -> assertThat(each).hasStackTraceContaining("init-param tiemout"));
    }
  }
}
