package io.github.safeasync.testkit;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * A server behind the filter whose {@code /take} hands its responses to the test, and whose {@code
 * /plain} answers "plain" at once without knowing the library.
 */
public final class Site implements AutoCloseable {

  public static final long PATIENCE_SECONDS = 10;

  private final BlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();
  private final TestServer server;
  private volatile Exchanges exchanges;

  private Site(
      Container container,
      Transport transport,
      SafeAsyncFilter filter,
      Consumer<TestApplication> before,
      Consumer<TestApplication> more)
      throws Exception {
    Handler plain = (request, response) -> response.getWriter().write("plain");
    server =
        container.start(
            transport,
            application -> {
              before.accept(application);
              application
                  .filter(filter)
                  .handler(
                      "/take",
                      (in, out) -> {
                        exchanges = Exchange.of(in).exchanges();
                        taken.add(SafeAsyncResponse.of(in));
                      })
                  .handler("/plain", plain);
              more.accept(application);
            });
  }

  public static Site start(Container container) throws Exception {
    return start(container, SafeAsyncConfig.defaults());
  }

  public static Site start(Container container, SafeAsyncConfig config) throws Exception {
    return start(container, Transport.PLAIN, config, application -> {});
  }

  public static Site start(Container container, Transport transport) throws Exception {
    return start(container, transport, SafeAsyncConfig.defaults(), application -> {});
  }

  public static Site start(
      Container container,
      Transport transport,
      SafeAsyncConfig config,
      Consumer<TestApplication> more)
      throws Exception {
    return new Site(container, transport, SafeAsyncFilter.create(config), app -> {}, more);
  }

  /** Starts it with something before the library's filter. */
  public static Site startBehind(
      Container container, SafeAsyncConfig config, Consumer<TestApplication> before)
      throws Exception {
    return new Site(container, Transport.PLAIN, SafeAsyncFilter.create(config), before, app -> {});
  }

  /** Starts another kind of server, on which every request is answered in the same way. */
  public static TestServer answering(
      Container container, BlockingQueue<End> ends, Consumer<SafeAsyncResponse> answer)
      throws Exception {
    return answering(container, Transport.PLAIN, ends, answer);
  }

  public static TestServer answering(
      Container container,
      Transport transport,
      BlockingQueue<End> ends,
      Consumer<SafeAsyncResponse> answer)
      throws Exception {
    return container.start(
        transport,
        app ->
            app.filter(new SafeAsyncFilter())
                .handler(
                    "/*",
                    (request, raw) -> {
                      SafeAsyncResponse response = SafeAsyncResponse.of(request);
                      response.onEnd(ends::add);
                      answer.accept(response);
                    }));
  }

  /** Goes around the filter, to the container's own request. */
  public static ServletRequest unguarded(ServletRequest request) {
    ServletRequest own = request;
    while (own instanceof ServletRequestWrapper wrapper) {
      own = wrapper.getRequest();
    }
    return own;
  }

  public TestServer server() {
    return server;
  }

  /** The filter's exchanges, once a request to {@code /take} has come. */
  public Exchanges exchanges() {
    return exchanges;
  }

  /** Waits until this many connections are watched: the grace period of as many is over. */
  public void awaitWatching(int count) {
    Witness.await()
        .atMost(PATIENCE_SECONDS, SECONDS)
        .until(() -> exchanges.scope().watching() == count);
  }

  /** Returns the response of the next request to {@code /take}. */
  public SafeAsyncResponse take() throws InterruptedException {
    SafeAsyncResponse response = taken.poll(PATIENCE_SECONDS, SECONDS);
    assertThat(response).as("a request to /take").isNotNull();
    return response;
  }

  /** Waits for the end of an exchange. */
  public static End endOf(SafeAsyncResponse response) throws Exception {
    return response.end().toCompletableFuture().get(PATIENCE_SECONDS, SECONDS);
  }

  /** Waits until a flush was taken or dropped. */
  public static boolean flushed(SafeAsyncResponse response) throws Exception {
    return response.flush().toCompletableFuture().get(PATIENCE_SECONDS, SECONDS);
  }

  /** Writes until the end: a client that has gone is noticed by the second flush at the latest. */
  public static End writeUntilEnd(SafeAsyncResponse response) throws Exception {
    for (int i = 0; i < 10_000 && response.write("more of the same\n"); i++) {
      flushed(response);
    }
    return endOf(response);
  }

  /** Containers differ in case and space. */
  public static void isUtf8Text(String contentType) {
    assertThat(contentType.replace(" ", "")).isEqualToIgnoringCase("text/plain;charset=utf-8");
  }

  @Override
  public String toString() {
    return server.container() + " " + server.transport();
  }

  @Override
  public void close() throws Exception {
    server.close();
  }
}
