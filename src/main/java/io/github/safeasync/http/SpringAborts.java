package io.github.safeasync.http;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.HttpURLConnection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.springframework.http.client.ClientHttpRequest;

/**
 * How the requests of Spring's clients are aborted, which Spring does not say: by the client's own
 * request, in a field of theirs. Thread-safe.
 */
final class SpringAborts {

  /** The fields of SimpleClientHttpRequest, HttpComponents- and JettyClientHttpRequest. */
  private static final String[] FIELDS = {"connection", "httpRequest", "request"};

  /** How the requests of one class are aborted. */
  private interface Way {
    @Nullable AutoCloseable of(Object request) throws ReflectiveOperationException;
  }

  private static final Way NONE = request -> null;

  private static final ConcurrentMap<Class<?>, Way> WAYS = new ConcurrentHashMap<>();

  private SpringAborts() {}

  /** Returns what aborts a request; null if nobody knows. */
  static @Nullable AutoCloseable of(ClientHttpRequest request) {
    try {
      return WAYS.computeIfAbsent(request.getClass(), SpringAborts::wayOf).of(request);
    } catch (ReflectiveOperationException notAsKnown) {
      return null;
    }
  }

  private static Way wayOf(Class<?> type) {
    for (String name : FIELDS) {
      try {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return request -> abortOf(field.get(request));
      } catch (NoSuchFieldException | RuntimeException another) {
        // It is none of that client.
      }
    }
    return NONE;
  }

  private static @Nullable AutoCloseable abortOf(@Nullable Object own) {
    if (own instanceof HttpURLConnection connection) {
      return connection::disconnect;
    } else if (own == null) {
      return null;
    }
    try {
      Method cancel = own.getClass().getMethod("cancel");
      return () -> cancel.invoke(own);
    } catch (NoSuchMethodException notApache) {
      return abortOfJetty(own);
    }
  }

  private static @Nullable AutoCloseable abortOfJetty(Object own) {
    try {
      Method abort = own.getClass().getMethod("abort", Throwable.class);
      return () -> abort.invoke(own, new IOException("The call was aborted"));
    } catch (NoSuchMethodException unknown) {
      return null;
    }
  }
}
