package io.github.safeasync.spring;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.http.SafeAsyncHttpClient;
import io.github.safeasync.jdbc.SafeAsyncDataSource;
import io.github.safeasync.micrometer.SafeAsyncMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationFilter;
import jakarta.servlet.DispatcherType;
import java.net.http.HttpClient;
import java.util.EnumSet;
import javax.sql.DataSource;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.core.task.TaskDecorator;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.util.ClassUtils;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Maps a {@link SafeAsyncFilter} to every request, outside all other filters, unless the
 * application registers one itself or says {@code safe-async.enabled=false}. A bean of that type is
 * the filter that is mapped, and one of type {@link SafeAsyncConfig} has its settings; the
 * properties {@code safe-async.*} change them, and are checked as init-params are.
 *
 * <p>{@code safe-async.cancel-jdbc=true} wraps the data sources by {@link SafeAsyncDataSource}, so
 * that a query ends with the client that it is made for, and {@code safe-async.cancel-http=true}
 * the clients of HTTP, for calls; a line at the start says which.
 *
 * <p>Where Spring MVC is there, {@link SafeAsyncMvcConfiguration} is, too. Requests whose client
 * has gone are observed with the outcome {@code CLIENT_GONE} and the status 499. Where there is a
 * registry of Micrometer's metrics, the filter's are bound to it.
 *
 * <p>Works with Spring Boot 3 and 4, whose embedded containers register filters in different
 * packages but by the same bean. Immutable and thread-safe.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({SafeAsyncFilter.class, FilterRegistrationBean.class})
@ConditionalOnProperty(prefix = FilterProperties.PREFIX, name = "enabled", matchIfMissing = true)
public class SafeAsyncAutoConfiguration {

  /** Makes the configuration; for the container of beans. */
  public SafeAsyncAutoConfiguration() {}

  /**
   * Returns what tells every registration of the filter the properties.
   *
   * @param environment where they are
   * @return the processor
   */
  @Bean
  static RegistrationProperties safeAsyncRegistrationProperties(Environment environment) {
    return new RegistrationProperties(environment);
  }

  /** Where the application registers no filter itself. */
  @Configuration(proxyBeanMethods = false)
  @Conditional(OnMissingRegistration.class)
  static class Registered {

    /** The container destroys it, too; in a test without one nobody else does. */
    @Bean(destroyMethod = "destroy")
    @ConditionalOnMissingBean
    SafeAsyncFilter safeAsyncFilter(ObjectProvider<SafeAsyncConfig> config) {
      return SafeAsyncFilter.create(config.getIfAvailable(SafeAsyncConfig::defaults));
    }

    /** The first in order, so that what other filters keep of the response is guarded, too. */
    @Bean
    FilterRegistrationBean<SafeAsyncFilter> safeAsyncFilterRegistration(SafeAsyncFilter filter) {
      FilterRegistrationBean<SafeAsyncFilter> registration = new FilterRegistrationBean<>(filter);
      registration.setName("safe-async");
      registration.setAsyncSupported(true);
      registration.setDispatcherTypes(EnumSet.allOf(DispatcherType.class));
      registration.addUrlPatterns("/*");
      registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
      return registration;
    }
  }

  /** Where Spring MVC is there. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(WebMvcConfigurer.class)
  @Import(SafeAsyncMvcConfiguration.class)
  static class Mvc {}

  /** Where the application wants its queries to end with their clients. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(DataSource.class)
  @ConditionalOnProperty(prefix = FilterProperties.PREFIX, name = "cancel-jdbc")
  static class Jdbc {

    @Bean
    static BeanWrapping<DataSource> safeAsyncDataSources() {
      return new BeanWrapping<>(
          FilterProperties.PREFIX + ".cancel-jdbc", DataSource.class, SafeAsyncDataSource::wrap);
    }
  }

  /** Where the application wants its calls of others to end with their clients. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnProperty(prefix = FilterProperties.PREFIX, name = "cancel-http")
  @ImportRuntimeHints(HttpHints.class)
  static class Http {

    private static final String PROPERTY = FilterProperties.PREFIX + ".cancel-http";

    @Bean
    @ConditionalOnClass(HttpClient.class)
    static BeanWrapping<HttpClient> safeAsyncHttpClients() {
      return new BeanWrapping<>(PROPERTY, HttpClient.class, SafeAsyncHttpClient::around);
    }

    @Bean
    @ConditionalOnClass(RestTemplate.class)
    static BeanWrapping<RestTemplate> safeAsyncRestTemplates() {
      return new BeanWrapping<>(PROPERTY, RestTemplate.class, HttpWrapping::template);
    }

    @Bean
    @ConditionalOnClass(name = HttpWrapping.FACTORY_BUILDER)
    @SuppressWarnings("unchecked")
    static BeanWrapping<Object> safeAsyncRequestFactories(ApplicationContext context) {
      return new BeanWrapping<>(
          PROPERTY,
          (Class<Object>)
              ClassUtils.resolveClassName(HttpWrapping.FACTORY_BUILDER, context.getClassLoader()),
          HttpWrapping::factoryBuilder);
    }
  }

  /** Where queries or calls end with their clients: so do those of {@code @Async} methods. */
  @Configuration(proxyBeanMethods = false)
  @Conditional(OnCancelling.class)
  static class Carried {

    @Bean
    @ConditionalOnMissingBean
    TaskDecorator safeAsyncTaskDecorator() {
      return task -> CancellationToken.current().wrap(task);
    }
  }

  /** Whether one of the two properties is set. */
  static final class OnCancelling extends AnyNestedCondition {

    OnCancelling() {
      super(ConfigurationPhase.REGISTER_BEAN);
    }

    @ConditionalOnProperty(prefix = FilterProperties.PREFIX, name = "cancel-jdbc")
    static final class OnJdbc {}

    @ConditionalOnProperty(prefix = FilterProperties.PREFIX, name = "cancel-http")
    static final class OnHttp {}
  }

  /** Where Micrometer has metrics. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(MeterRegistry.class)
  static class Metered {

    /** Of each filter, told apart by the name of its bean; once all that changes a registry has. */
    @Bean
    SmartInitializingSingleton safeAsyncMetrics(
        ObjectProvider<MeterRegistry> registry, ListableBeanFactory beans) {
      return () ->
          registry.ifAvailable(
              to ->
                  beans
                      .getBeansOfType(SafeAsyncFilter.class)
                      .forEach(
                          (name, filter) ->
                              SafeAsyncMetrics.of(filter.stats())
                                  .tagged("filter", name)
                                  .bindTo(to)));
    }
  }

  /** Where Micrometer observes requests. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({ObservationFilter.class, ServerRequestObservationContext.class})
  static class Observed {

    @Bean
    ObservationFilter safeAsyncObservationFilter() {
      return new LostClientObservations();
    }
  }
}
