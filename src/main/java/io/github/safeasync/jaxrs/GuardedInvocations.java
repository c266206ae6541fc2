package io.github.safeasync.jaxrs;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.sse.SseEventSink;
import java.lang.reflect.InvocationHandler;
import java.util.Arrays;
import org.glassfish.jersey.server.model.Invocable;
import org.glassfish.jersey.server.spi.internal.ResourceMethodInvocationHandlerProvider;
import org.jspecify.annotations.Nullable;

/**
 * Calls a resource method with its AsyncResponse and SseEventSink guarded, as {@link
 * SafeAsyncJaxRs#guard} does by hand. Jersey has suspended the request by then.
 */
final class GuardedInvocations implements ResourceMethodInvocationHandlerProvider {

  /** Of the request that the calling thread handles; null where Jersey runs without servlets. */
  @Context private @Nullable HttpServletRequest request;

  @Override
  public @Nullable InvocationHandler create(Invocable method) {
    boolean asynchronous =
        Arrays.stream(method.getHandlingMethod().getParameterTypes())
            .anyMatch(type -> type == AsyncResponse.class || type == SseEventSink.class);
    return asynchronous
        ? (resource, called, arguments) -> called.invoke(resource, guarded(arguments))
        : null;
  }

  private Object[] guarded(Object[] arguments) {
    HttpServletRequest now = request;
    if (now == null || !now.isAsyncStarted()) {
      return arguments;
    }
    return Arrays.stream(arguments).map(each -> guarded(each, now)).toArray();
  }

  private static @Nullable Object guarded(@Nullable Object argument, HttpServletRequest request) {
    if (argument instanceof AsyncResponse response) {
      return SafeAsyncJaxRs.guard(response, request);
    }
    return argument instanceof SseEventSink sink ? SafeAsyncJaxRs.guard(sink, request) : argument;
  }
}
