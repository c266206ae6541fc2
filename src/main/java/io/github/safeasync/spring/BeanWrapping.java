package io.github.safeasync.spring;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * Wraps the beans of a type, because a property says so, and says in one line at the start which.
 */
final class BeanWrapping<T> implements BeanPostProcessor, SmartInitializingSingleton {

  private static final Log LOG = LogFactory.getLog(BeanWrapping.class);

  private final String property;
  private final Class<T> type;
  private final UnaryOperator<T> wrapper;
  private final Set<String> wrapped = Collections.synchronizedSet(new TreeSet<>());

  BeanWrapping(String property, Class<T> type, UnaryOperator<T> wrapper) {
    this.property = property;
    this.type = type;
    this.wrapper = wrapper;
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    if (!type.isInstance(bean)) {
      return bean;
    }
    wrapped.add(name);
    return wrapper.apply(type.cast(bean));
  }

  @Override
  public void afterSingletonsInstantiated() {
    LOG.info(
        property
            + " wraps "
            + (wrapped.isEmpty()
                ? "nothing: there is no bean of a "
                : String.join(", ", wrapped) + " as ")
            + type.getSimpleName());
  }
}
