package io.github.safeasync.observe;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own, to be run with the Java agent: clients leave requests that are pending, on the
 * raw container and behind the filter, and one stays. It says when each has left.
 */
final class TracedServer {

  /** How long after its client has left a request is answered. */
  static final long LATE_MILLIS = 2000;

  /** For what is traced to be written. */
  private static final long FLUSH_MILLIS = 1000;

  private final BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();

  private TracedServer() {}

  private void pending(HttpServletRequest request, HttpServletResponse response) {
    pending.add(request.startAsync());
  }

  private void ofLibrary(HttpServletRequest request, HttpServletResponse response) {
    SafeAsyncResponse unused = SafeAsyncResponse.of(request);
    pending.add(request.getAsyncContext());
  }

  private void leave(TestServer server, String path) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      client.get(path);
      AsyncContext context = pending.poll(30, TimeUnit.SECONDS);
      System.out.println("LEFT " + path + " " + System.currentTimeMillis());
      client.closeFin();
      Thread.sleep(LATE_MILLIS);
      Twins.complete(context);
    }
  }

  public static void main(String[] arguments) throws Exception {
    TracedServer traced = new TracedServer();
    try (TestServer server =
        Container.valueOf(arguments[0])
            .start(
                Transport.PLAIN,
                app ->
                    app.filter(new SafeAsyncFilter(), "/behind/*")
                        .handler("/raw/pending", traced::pending)
                        .handler("/behind/pending", traced::pending)
                        .handler("/behind/library", traced::ofLibrary)
                        .handler(
                            "/behind/answered",
                            (request, response) -> request.startAsync().complete()))) {
      traced.leave(server, "/raw/pending");
      traced.leave(server, "/behind/pending");
      traced.leave(server, "/behind/library");
      try (RawClient client = RawClient.connect(server)) {
        client.get("/behind/answered").readResponse();
      }
      Thread.sleep(FLUSH_MILLIS);
    }
    System.exit(0); // Containers' threads may stay for a while.
  }
}
