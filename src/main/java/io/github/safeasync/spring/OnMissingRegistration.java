package io.github.safeasync.spring;

import io.github.safeasync.SafeAsyncFilter;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.ConfigurationCondition;
import org.springframework.core.ResolvableType;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Whether the application has no registration of the filter: Spring Boot's own condition would ask
 * for no bean of the filter, either.
 */
final class OnMissingRegistration implements ConfigurationCondition {

  private static final ResolvableType REGISTRATION =
      ResolvableType.forClassWithGenerics(FilterRegistrationBean.class, SafeAsyncFilter.class);

  @Override
  public ConfigurationPhase getConfigurationPhase() {
    return ConfigurationPhase.REGISTER_BEAN;
  }

  @Override
  public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
    ConfigurableListableBeanFactory beans = context.getBeanFactory();
    return beans == null || beans.getBeanNamesForType(REGISTRATION, true, false).length == 0;
  }
}
