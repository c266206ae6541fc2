package io.github.safeasync.spring;

import io.github.safeasync.SafeAsyncFilter;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;
import org.springframework.mock.web.MockServletContext;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.context.support.GenericWebApplicationContext;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

/** An application that is processed ahead of time: it starts, says what it has, and stops. */
@Configuration(proxyBeanMethods = false)
@EnableWebMvc
@Import({SafeAsyncAutoConfiguration.class, SliceIT.Answering.class})
public class AotApplication {

  @Bean
  DataSource orders() {
    return new JdbcDataSource();
  }

  @Bean
  HttpClient upstream() {
    return HttpClient.newHttpClient();
  }

  @Bean
  RestTemplate template() {
    return new RestTemplate();
  }

  /** A context before its beans are known. */
  static GenericWebApplicationContext context() {
    GenericWebApplicationContext context =
        new GenericWebApplicationContext(new MockServletContext());
    context
        .getEnvironment()
        .getPropertySources()
        .addFirst(
            new MapPropertySource(
                "arguments",
                Map.of(
                    "safe-async.timeout",
                    "10s",
                    "safe-async.cancel-jdbc",
                    true,
                    "safe-async.cancel-http",
                    true)));
    return context;
  }

  /**
   * Starts it from what was generated.
   *
   * @param arguments the name of the initializer
   */
  @SuppressWarnings("unchecked")
  public static void main(String[] arguments) throws Exception {
    ApplicationContextInitializer<GenericWebApplicationContext> initializer =
        (ApplicationContextInitializer<GenericWebApplicationContext>)
            Class.forName(arguments[0]).getConstructor().newInstance();
    try (GenericWebApplicationContext context = context()) {
      initializer.initialize(context);
      context.refresh();
      context.getBeansOfType(FilterRegistrationBean.class).values().stream()
          .filter(bean -> bean.getFilter() instanceof SafeAsyncFilter)
          .forEach(bean -> System.out.println("registered with " + bean.getInitParameters()));
      context.getBean(RequestMappingHandlerAdapter.class).getArgumentResolvers().stream()
          .filter(resolver -> resolver instanceof ExchangeArguments)
          .forEach(resolver -> System.out.println("arguments resolved"));
      List.of(
              context.getBean(DataSource.class),
              context.getBean(HttpClient.class),
              context.getBean(RestTemplate.class).getRequestFactory())
          .forEach(bean -> System.out.println("a " + bean.getClass().getName()));
    }
  }
}
