package io.github.safeasync.testkit;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** One application twice on one server: on the raw container, and behind the filter. */
public final class Twins {

  public static final String RAW = "/raw";
  public static final String GUARDED = "/guarded";
  public static final List<String> BOTH = List.of(RAW, GUARDED);

  private Twins() {}

  /** Serves a request. */
  @FunctionalInterface
  public interface Service {
    void serve(HttpServletRequest request) throws ServletException, IOException;
  }

  /** Starts a server that serves everything below both paths in the same way. */
  public static TestServer start(
      Container container, Transport transport, SafeAsyncConfig config, Service service)
      throws Exception {
    Handler handler = (request, response) -> service.serve(request);
    return start(container, transport, config, handler);
  }

  /** The same, of what writes to the response that it was given. */
  public static TestServer start(
      Container container, Transport transport, SafeAsyncConfig config, Handler handler)
      throws Exception {
    return start(container, transport, app -> {}, config, handler);
  }

  /**
   * The same.
   *
   * @param first deploys what is in front of both
   */
  public static TestServer start(
      Container container,
      Transport transport,
      Consumer<TestApplication> first,
      SafeAsyncConfig config,
      Handler handler)
      throws Exception {
    return container.start(
        transport,
        app -> {
          first.accept(app);
          app.filter(SafeAsyncFilter.create(config), GUARDED + "/*").multipart("/*", handler);
        });
  }

  /** Completes, unless the raw container has been faster. */
  public static void complete(AsyncContext context) {
    try {
      context.complete();
    } catch (IllegalStateException ended) {
      // Behind the filter none is thrown.
    }
  }
}
