package io.github.safeasync.faults;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.Outpour;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Level;

/** A server in a JVM of its own, which another process stops and lets go on. */
public final class SuspendedServer {

  static final int TIMEOUT_MILLIS = 2_000;

  /** More than a client has read by the time that the server is stopped. */
  static final int LARGE = 96 << 20;

  private static final int PIECE = 1 << 16;

  private static final Queue<SafeAsyncResponse> PENDING = new ConcurrentLinkedQueue<>();

  private SuspendedServer() {}

  /**
   * Says its port, and each end with the query of its request, until its input ends.
   *
   * @param arguments the container's name
   */
  public static void main(String[] arguments) throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ZERO)
            .writeTimeout(Duration.ofMillis(TIMEOUT_MILLIS))
            .build();
    try (Logs logs = Logs.swallow();
        Site site =
            Site.start(
                Container.valueOf(arguments[0]),
                Transport.PLAIN,
                config,
                app ->
                    app.handler("/pending", (in, out) -> PENDING.add(told(in)))
                        .handler("/timed", (in, out) -> startTimed(in))
                        .handler("/large", (in, out) -> sendLarge(told(in)))
                        .handler(
                            "/finish", (in, out) -> PENDING.forEach(each -> each.finish("stayed")))
                        .handler(
                            "/state",
                            (in, out) -> {
                              Exchange exchange = Exchange.of(in);
                              out.getWriter()
                                  .write(
                                      exchange.exchanges().size()
                                          + " open, "
                                          + exchange.scope().watching()
                                          + " watched, warned: "
                                          + logs.lines(Level.WARNING));
                            }))) {
      System.out.println("port " + site.server().port());
      System.in.read();
    }
    System.exit(0); // Containers' threads may stay for a while.
  }

  private static void say(String name, Object end) {
    System.out.println("end " + name + " " + end);
  }

  private static SafeAsyncResponse told(HttpServletRequest request) {
    String name = request.getQueryString();
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onEnd(end -> say(name, end.kind()));
    return response;
  }

  private static void startTimed(HttpServletRequest request) {
    String name = request.getQueryString();
    AsyncContext context = request.startAsync();
    context.setTimeout(TIMEOUT_MILLIS);
    context.addListener(
        new DeafListener() {
          @Override
          public void onTimeout(AsyncEvent event) {
            say(name, "TIMED_OUT");
          }

          @Override
          public void onError(AsyncEvent event) {
            say(name, "DISCONNECTED");
          }
        });
    System.out.println("begun " + name);
  }

  private static void sendLarge(SafeAsyncResponse response) {
    response.contentLength(LARGE);
    Outpour.pieces(response, LARGE / PIECE, () -> response.writeOwned(ByteBuffer.allocate(PIECE)));
  }
}
