package io.github.safeasync.spring;

import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.servlet.config.annotation.AsyncSupportConfigurer;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * What Spring MVC is told about the library; to be imported where Spring Boot does not.
 *
 * <p>A controller's method may take the request's {@link io.github.safeasync.CancellationToken},
 * whatever it returns; one that takes a {@link io.github.safeasync.SafeAsyncResponse} or a {@link
 * io.github.safeasync.sse.SseStream} answers by it, and returns {@code void}:
 *
 * <pre>{@code
 * @GetMapping("/report")
 * List<Row> report(Query query, CancellationToken token) { ... }
 *
 * @GetMapping("/news")
 * void news(SseStream stream) {
 *   news.add(stream);
 * }
 * }</pre>
 *
 * <p>A Flux or Mono that a method returns, or whatever else Spring adapts to one, is cancelled with
 * that token, and the thread of a Callable or StreamingResponseBody works for the request.
 * Immutable and thread-safe.
 *
 * @since 0.1.0
 */
@Configuration(proxyBeanMethods = false)
public class SafeAsyncMvcConfiguration implements WebMvcConfigurer {

  /** Makes the configuration; for the container of beans. */
  public SafeAsyncMvcConfiguration() {}

  @Bean
  static PublisherCancellation safeAsyncPublisherCancellation() {
    return new PublisherCancellation();
  }

  /**
   * Has the threads of asynchronous methods work for their request.
   *
   * @param configurer where to say so
   */
  @Override
  public void configureAsyncSupport(AsyncSupportConfigurer configurer) {
    configurer.registerCallableInterceptors(new CallableExchange());
  }

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
