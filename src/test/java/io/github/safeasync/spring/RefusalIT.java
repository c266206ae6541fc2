package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.context.ContextLoaderListener;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.filter.DelegatingFilterProxy;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/**
 * G13: what Spring MVC's interceptors and Spring Security refuse on the asynchronous dispatch is
 * the 403, with the application's error page, that it is without the filter.
 */
class RefusalIT {

  /** An application whose interceptor refuses. */
  @Configuration
  @EnableWebMvc
  @Import(Refused.class)
  static class Intercepted {}

  /** An application that is guarded on each dispatch, and lets requests in. */
  @Configuration
  @EnableWebMvc
  @EnableWebSecurity
  @Import(Refused.class)
  static class Secured {

    @Bean
    SecurityFilterChain chain(HttpSecurity http) throws Exception {
      return http.authorizeHttpRequests(
              requests ->
                  requests
                      .dispatcherTypeMatchers(DispatcherType.ASYNC)
                      .denyAll()
                      .anyRequest()
                      .permitAll())
          .build();
    }
  }

  /** The application's page, as Spring Boot's is: JSON, of what the container says of the error. */
  private static void errorPage(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setContentType("application/json");
    response
        .getWriter()
        .write(
            "{\"status\":"
                + request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE)
                + ",\"path\":\""
                + request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI)
                + "\",\"dispatch\":\""
                + request.getDispatcherType()
                + "\"}");
  }

  private static TestServer start(Container container, boolean filtered, Class<?> application)
      throws Exception {
    AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext();
    context.register(application);
    return container.start(
        app -> {
          app.listener(new ContextLoaderListener(context));
          if (filtered) {
            app.filter(new SafeAsyncFilter());
          }
          if (application == Secured.class) {
            app.filter(new DelegatingFilterProxy("springSecurityFilterChain"));
          }
          app.servlet("/", new DispatcherServlet(context))
              .handler("/error-page", RefusalIT::errorPage)
              .errorPage(403, "/error-page");
        });
  }

  /** What clients get, each twice on one connection, which stays usable. */
  private static List<String> answers(
      Container container, boolean filtered, Class<?> application, List<String> paths)
      throws Exception {
    List<String> answers = new ArrayList<>();
    try (Logs logs = Logs.swallow();
        TestServer server = start(container, filtered, application);
        RawClient client = RawClient.connect(server)) {
      for (String path : paths) {
        for (int i = 0; i < 2; i++) {
          RawResponse response = client.get(path).readResponse();
          answers.add(
              response.status()
                  + " "
                  + response.header("Content-Type").orElse("")
                  + " "
                  + response.body());
        }
      }
    }
    return answers;
  }

  @ParameterizedTest
  @EveryContainer
  void interceptorThatRefusesTheAsyncDispatch_answersAsWithoutTheFilter_G13(Container container)
      throws Exception {
    List<String> raw = answers(container, false, Intercepted.class, Refused.PATHS);
    assertThat(answers(container, true, Intercepted.class, Refused.PATHS)).isEqualTo(raw);
    assertThat(raw).hasSize(6).allMatch(RefusalIT::isRefusal);
  }

  @ParameterizedTest
  @EveryContainer
  void springSecurityThatRefusesTheAsyncDispatch_answersAsWithoutTheFilter_G13(Container container)
      throws Exception {
    List<String> paths = List.of("/open/callable", "/open/entity", "/open/deferred");
    List<String> raw = answers(container, false, Secured.class, paths);
    assertThat(answers(container, true, Secured.class, paths)).isEqualTo(raw);
    assertThat(raw).hasSize(6).allMatch(RefusalIT::isRefusal);
  }

  private static boolean isRefusal(String answer) {
    return answer.startsWith("403 application/json") && answer.contains("\"status\":403");
  }
}
