package io.github.safeasync.spring;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;

/**
 * What a native image has to keep so that calls of Spring's clients can be aborted. Any other's
 * calling thread is interrupted.
 */
final class HttpHints implements RuntimeHintsRegistrar {

  /** Whose fields are read: the client's own request, or the client. */
  private static final List<String> READ =
      List.of(
          "org.springframework.http.client.JdkClientHttpRequestFactory",
          "org.springframework.http.client.SimpleClientHttpRequest",
          "org.springframework.http.client.HttpComponentsClientHttpRequest");

  /** Whose methods are called by their names. */
  private static final List<String> CALLED =
      List.of(
          HttpWrapping.FACTORY_BUILDER,
          "org.apache.hc.client5.http.classic.methods.HttpUriRequestBase");

  @Override
  public void registerHints(RuntimeHints hints, @Nullable ClassLoader loader) {
    for (String each : READ) {
      hints.reflection().registerTypeIfPresent(loader, each, MemberCategory.DECLARED_FIELDS);
    }
    for (String each : CALLED) {
      hints.reflection().registerTypeIfPresent(loader, each, MemberCategory.INVOKE_PUBLIC_METHODS);
    }
    hints.proxies().registerJdkProxy(TypeReference.of(HttpWrapping.FACTORY_BUILDER));
  }
}
