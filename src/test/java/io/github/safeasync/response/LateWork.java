package io.github.safeasync.response;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.request.PartialRequest;
import io.github.safeasync.request.PartialRequest.Way;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Work that begins, in a thread of its own, when the client of its request has left and, behind the
 * filter, the listener has heard of that; of each kind one on the raw container and one behind the
 * filter.
 */
public final class LateWork<K extends Enum<K>> {

  /** What comes of work that throws, or never hears. */
  public static final String FAILED = "failed";

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Sends the request that asks for a kind of work. */
  @FunctionalInterface
  public interface Post<K> {
    PartialRequest of(K kind, TestServer server, String path) throws Exception;
  }

  /** Does a kind of work with a request, and answers what came of it. */
  @FunctionalInterface
  public interface Task<K> {
    String of(K kind, HttpServletRequest request) throws Exception;
  }

  /** Compares what came of it, after each way to leave. */
  @FunctionalInterface
  public interface Judgement<K> {
    void of(K kind, String path, String raw, String guarded);
  }

  private final Class<K> kinds;
  private final Post<K> post;
  private final Task<K> task;
  private final Map<String, CompletableFuture<String>> outcomes = new ConcurrentHashMap<>();
  private final CountDownLatch left = new CountDownLatch(1);
  private Consumer<TestApplication> first = app -> {};

  public LateWork(Class<K> kinds, Post<K> post, Task<K> task) {
    this.kinds = kinds;
    this.post = post;
    this.task = task;
  }

  /** Puts a filter in front of the library's, and of the raw servlet. */
  public LateWork<K> behind(Filter outer) {
    first = app -> app.filter(outer);
    return this;
  }

  private CompletableFuture<String> outcome(String path) {
    return outcomes.computeIfAbsent(path, each -> new CompletableFuture<>());
  }

  private void serve(HttpServletRequest request) {
    String path = request.getRequestURI();
    K kind = Enum.valueOf(kinds, path.substring(path.lastIndexOf('/') + 1));
    AsyncContext context = request.startAsync();
    boolean isTold = path.startsWith(Twins.GUARDED) && !path.contains("/" + Way.STAYS + "/");
    CountDownLatch told = new CountDownLatch(isTold ? 1 : 0);
    context.addListener(
        new DeafListener() {
          @Override
          public void onError(AsyncEvent event) {
            told.countDown();
          }
        });
    Thread worker =
        new Thread(
            () -> {
              try {
                left.await();
                boolean heard = told.await(10, SECONDS);
                outcome(path).complete(heard ? task.of(kind, request) : FAILED + ": never told");
              } catch (Throwable e) {
                outcome(path).complete(FAILED);
              } finally {
                Twins.complete(context);
              }
            });
    outcome("started " + path).complete("");
    worker.start();
  }

  /** Does all of it on one server, of which the clients leave in all ways. */
  public void compare(Container container, Transport transport, Judgement<K> judgement)
      throws Exception {
    compare(container, transport, Way.of(transport), judgement);
  }

  public void compare(
      Container container, Transport transport, List<Way> ways, Judgement<K> judgement)
      throws Exception {
    Map<String, PartialRequest> clients = new LinkedHashMap<>();
    try (TestServer server =
        Twins.start(
            container,
            transport,
            first,
            SafeAsyncConfig.defaults(),
            (request, response) -> serve(request))) {
      for (Way way : ways) {
        for (K kind : kinds.getEnumConstants()) {
          for (String twin : Twins.BOTH) {
            String path = twin + "/" + way + "/" + kind;
            clients.put(path, post.of(kind, server, path));
          }
        }
      }
      for (String path : clients.keySet()) {
        assertThat(outcome("started " + path)).succeedsWithin(PATIENCE);
      }
      for (Map.Entry<String, PartialRequest> each : clients.entrySet()) {
        each.getValue().leave(Way.valueOf(each.getKey().split("/")[2]));
      }
      Thread.sleep(300); // nobody is told on the raw container
      left.countDown();
      for (Way way : ways) {
        for (K kind : kinds.getEnumConstants()) {
          String path = "/" + way + "/" + kind;
          String raw = outcome(Twins.RAW + path).get(20, SECONDS);
          judgement.of(kind, path, raw, outcome(Twins.GUARDED + path).get(20, SECONDS));
        }
      }
    } finally {
      for (PartialRequest client : clients.values()) {
        client.close();
      }
    }
  }
}
