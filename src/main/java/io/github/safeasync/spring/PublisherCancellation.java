package io.github.safeasync.spring;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;

/** Has Spring MVC adapt what controllers return by {@link CancellingPublishers}. */
final class PublisherCancellation implements BeanPostProcessor {

  @Override
  public Object postProcessBeforeInitialization(Object bean, String name) {
    if (bean instanceof RequestMappingHandlerAdapter adapter) {
      adapter.setReactiveAdapterRegistry(
          new CancellingPublishers(adapter.getReactiveAdapterRegistry()));
    }
    return bean;
  }
}
