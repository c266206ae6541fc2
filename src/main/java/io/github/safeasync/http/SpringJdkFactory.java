package io.github.safeasync.http;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.http.HttpClient;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;

/** Spring's factory of {@code java.net.http}, made again with a client that binds its calls. */
final class SpringJdkFactory {

  private SpringJdkFactory() {}

  /** Returns null if it cannot be made again, as it is another class or has other fields. */
  static @Nullable ClientHttpRequestFactory around(ClientHttpRequestFactory factory) {
    if (factory.getClass() != JdkClientHttpRequestFactory.class) {
      return null;
    }
    try {
      HttpClient client = (HttpClient) valueOf("httpClient", factory);
      Executor executor = (Executor) valueOf("executor", factory);
      if (client == null || executor == null) {
        return null;
      }
      JdkClientHttpRequestFactory made =
          new JdkClientHttpRequestFactory(SafeAsyncHttpClient.around(client), executor);
      for (Field field : JdkClientHttpRequestFactory.class.getDeclaredFields()) {
        if (!Modifier.isFinal(field.getModifiers())) {
          field.setAccessible(true);
          field.set(made, field.get(factory));
        }
      }
      return made;
    } catch (ReflectiveOperationException | RuntimeException notAsKnown) {
      return null;
    }
  }

  private static @Nullable Object valueOf(String name, Object of)
      throws ReflectiveOperationException {
    Field field = of.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(of);
  }
}
