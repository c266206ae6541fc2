package io.github.safeasync.spring;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.context.request.async.CallableProcessingInterceptor;

/**
 * Has the thread of a Callable or StreamingResponseBody work for the exchange of the request that
 * it was returned to, as that request's own thread has.
 */
final class CallableExchange implements CallableProcessingInterceptor {

  /** What a task's thread worked for before, while it runs. */
  private static final ThreadLocal<@Nullable Handle> BEFORE = new ThreadLocal<>();

  private final Map<NativeWebRequest, CancellationToken> tokens = new ConcurrentHashMap<>();

  /** On the request's thread. */
  @Override
  public <T> void beforeConcurrentHandling(NativeWebRequest request, Callable<T> task) {
    tokens.put(request, CancellationToken.current());
  }

  /** On the task's thread. */
  @Override
  public <T> void preProcess(NativeWebRequest request, Callable<T> task) {
    CancellationToken token = tokens.remove(request);
    if (token != null) {
      BEFORE.set(token.makeCurrent());
    }
  }

  /** On the task's thread, whatever has become of it. */
  @Override
  public <T> void postProcess(NativeWebRequest request, Callable<T> task, @Nullable Object result) {
    Handle handle = BEFORE.get();
    BEFORE.remove();
    if (handle != null) {
      handle.remove();
    }
  }

  /** One that never ran, as its client left or its executor refused it. */
  @Override
  public <T> void afterCompletion(NativeWebRequest request, Callable<T> task) {
    tokens.remove(request);
  }
}
