package io.github.safeasync.spring;

import io.github.safeasync.http.SafeAsyncRequestFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.util.ClassUtils;
import org.springframework.web.client.RestTemplate;

/** Has Spring's clients of HTTP make requests that end with the client for whom they are made. */
final class HttpWrapping {

  /**
   * What Spring Boot makes request factories by, for its builders of RestClient and RestTemplate.
   * Its method takes another type in Spring Boot 4 than in 3.5.
   */
  static final String FACTORY_BUILDER =
      "org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder";

  private HttpWrapping() {}

  /** Returns a template that was told, which is the same. */
  static RestTemplate template(RestTemplate template) {
    List<ClientHttpRequestInterceptor> interceptors = List.copyOf(template.getInterceptors());
    // With interceptors it returns a factory that is made of its own and them.
    template.setInterceptors(List.of());
    template.setRequestFactory(SafeAsyncRequestFactory.around(template.getRequestFactory()));
    template.setInterceptors(interceptors);
    return template;
  }

  /** Returns a builder whose factories are wrapped. */
  static Object factoryBuilder(Object builder) {
    return Proxy.newProxyInstance(
        builder.getClass().getClassLoader(),
        ClassUtils.getAllInterfaces(builder),
        (proxy, method, arguments) -> {
          Object result = call(builder, method, arguments);
          return result instanceof ClientHttpRequestFactory factory
              ? SafeAsyncRequestFactory.around(factory)
              : result;
        });
  }

  private static @Nullable Object call(Object builder, Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(builder, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }
}
