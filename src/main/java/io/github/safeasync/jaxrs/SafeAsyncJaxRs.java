package io.github.safeasync.jaxrs;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ConnectionCallback;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.Objects;

/**
 * Tells the asynchronous objects of JAX-RS when their client has disconnected, which its
 * implementations by themselves find out by a failing write, or never.
 *
 * <pre>{@code
 * @GET
 * public void search(@Suspended AsyncResponse suspended, @Context HttpServletRequest request) {
 *   AsyncResponse response = SafeAsyncJaxRs.guard(suspended, request);
 *   Future<?> work = database.submit(() -> response.resume(query()));
 *   response.register((ConnectionCallback) disconnected -> work.cancel(true));
 * }
 * }</pre>
 *
 * <p>The {@link io.github.safeasync.SafeAsyncFilter} has to be mapped to the request. Thread-safe:
 * stateless.
 *
 * @since 0.1.0
 */
public final class SafeAsyncJaxRs {

  private SafeAsyncJaxRs() {}

  /**
   * Returns a response whose {@link ConnectionCallback}s are called when the client disconnects,
   * each once, with no write. Afterwards the given response is cancelled, so that its
   * implementation lets go of the request and calls its completion callbacks. A callback that is
   * registered later is called at once.
   *
   * @param response what the resource method was given as {@code @Suspended}
   * @param request what it was given as {@code @Context}
   * @return the response to be used in place of the given one, from any thread
   * @throws IllegalStateException if the request is not suspended: too early or too late
   * @throws NullPointerException if an argument is null
   */
  public static AsyncResponse guard(AsyncResponse response, HttpServletRequest request) {
    Objects.requireNonNull(response, "response");
    AsyncContext context = suspended(request);
    if (response instanceof ConnectionAwareResponse already) {
      return already;
    }
    ConnectionAwareResponse guarded = new ConnectionAwareResponse(response);
    context.addListener(new HangUpListener(guarded::disconnected));
    return guarded;
  }

  /**
   * Closes a sink when the client disconnects, with no write: {@link SseEventSink#isClosed()}
   * returns true from then on, and a broadcaster lets go of it.
   *
   * @param sink what the resource method was given as {@code @Context}
   * @param request what it was given as {@code @Context}
   * @return the given sink
   * @throws IllegalStateException if the request is not suspended: too early or too late
   * @throws NullPointerException if an argument is null
   */
  public static SseEventSink guard(SseEventSink sink, HttpServletRequest request) {
    Objects.requireNonNull(sink, "sink");
    suspended(request).addListener(new HangUpListener(sink::close));
    return sink;
  }

  private static AsyncContext suspended(HttpServletRequest request) {
    if (!request.isAsyncStarted()) {
      throw new IllegalStateException(
          "The request is not suspended: guard what a resource method was given as @Suspended or as"
              + " an SseEventSink, before it is resumed or closed");
    }
    return request.getAsyncContext();
  }
}
