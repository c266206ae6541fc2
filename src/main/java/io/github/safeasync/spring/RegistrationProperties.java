package io.github.safeasync.spring;

import io.github.safeasync.SafeAsyncFilter;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.core.env.Environment;

/** Gives each registration of the filter the properties, on top of the init-params it has. */
final class RegistrationProperties implements BeanPostProcessor {

  private final Environment environment;

  RegistrationProperties(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof FilterRegistrationBean<?> registration
        && registration.getFilter() instanceof SafeAsyncFilter) {
      FilterProperties.read(environment).forEach(registration::addInitParameter);
    }
    return bean;
  }
}
