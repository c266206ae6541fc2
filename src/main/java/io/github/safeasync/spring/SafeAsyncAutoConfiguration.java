package io.github.safeasync.spring;

import io.github.safeasync.SafeAsyncFilter;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/**
 * Maps the {@link SafeAsyncFilter} to every request, outside all other filters, unless the
 * application has a bean or a registration of it, or says {@code safe-async.enabled=false}. The
 * properties {@code safe-async.*} are the filter's init-params, and checked as those are.
 *
 * <p>Works with Spring Boot 3 and 4, whose embedded containers register filters in different
 * packages but by the same bean. Immutable and thread-safe.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({SafeAsyncFilter.class, FilterRegistrationBean.class})
@ConditionalOnProperty(prefix = "safe-async", name = "enabled", matchIfMissing = true)
public class SafeAsyncAutoConfiguration {

  private static final String PREFIX = "safe-async";

  /** Makes the configuration; for the container of beans. */
  public SafeAsyncAutoConfiguration() {}

  /**
   * Returns the registration of the filter. It is the first in order, so that what other filters
   * keep of the response is guarded, too.
   *
   * @param environment where the properties {@code safe-async.*} are
   * @return the registration, for every path and dispatch
   */
  @Bean
  @ConditionalOnMissingBean(
      value = SafeAsyncFilter.class,
      parameterizedContainer = FilterRegistrationBean.class)
  public FilterRegistrationBean<SafeAsyncFilter> safeAsyncFilter(Environment environment) {
    FilterRegistrationBean<SafeAsyncFilter> registration =
        new FilterRegistrationBean<>(new SafeAsyncFilter());
    registration.setName("safe-async");
    registration.setAsyncSupported(true);
    registration.setDispatcherTypes(EnumSet.allOf(DispatcherType.class));
    registration.addUrlPatterns("/*");
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    registration.setInitParameters(initParameters(environment));
    return registration;
  }

  private static Map<String, String> initParameters(Environment environment) {
    Map<String, String> parameters =
        Binder.get(environment)
            .bind(PREFIX, Bindable.mapOf(String.class, String.class))
            .orElseGet(Map::of);
    Map<String, String> copy = new LinkedHashMap<>(parameters);
    copy.remove("enabled");
    return copy;
  }
}
