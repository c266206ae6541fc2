package io.github.safeasync.spring;

import java.util.List;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * What Spring MVC is told about the library; to be imported where Spring Boot does not.
 *
 * <p>A controller's method that takes a {@link io.github.safeasync.SafeAsyncResponse} or a {@link
 * io.github.safeasync.sse.SseStream} answers by it, and returns {@code void}:
 *
 * <pre>{@code
 * @GetMapping("/news")
 * void news(SseStream stream) {
 *   news.add(stream);
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
public class SafeAsyncMvcConfiguration implements WebMvcConfigurer {

  /** Makes the configuration; for the container of beans. */
  public SafeAsyncMvcConfiguration() {}

  /**
   * Adds the one that resolves the library's types.
   *
   * @param resolvers where to add it
   */
  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new ExchangeArguments());
  }

  /**
   * Adds the one that answers for methods that failed.
   *
   * @param registry where to add it
   */
  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(new FailedMethods());
  }
}
