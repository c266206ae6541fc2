package io.github.safeasync.jaxrs;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.sse.SseEventSink;
import org.jspecify.annotations.Nullable;

/**
 * What resource methods are given, guarded as {@link SafeAsyncJaxRs#guard} does by hand. By then
 * the implementation has suspended the request.
 */
final class GuardedArguments {

  private GuardedArguments() {}

  /** Returns whether there is anything to guard in an argument of a type. */
  static boolean isGuarded(Class<?> type) {
    return type == AsyncResponse.class || type == SseEventSink.class;
  }

  /**
   * Returns an argument, guarded if it can be.
   *
   * @param request null where the implementation runs without servlets
   */
  static @Nullable Object guard(@Nullable Object argument, @Nullable HttpServletRequest request) {
    if (request == null || !request.isAsyncStarted()) {
      return argument;
    }
    if (argument instanceof AsyncResponse response) {
      return SafeAsyncJaxRs.guard(response, request);
    }
    return argument instanceof SseEventSink sink ? SafeAsyncJaxRs.guard(sink, request) : argument;
  }
}
