package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.request.PartialRequest;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * isAsyncStarted() while the servlet that started is inside, whatever happens meanwhile: to the
 * servlet and to other threads, with the filter as without. Frameworks ask it to see whether a
 * response is still to be made.
 */
class AsyncStartedIT {

  /** Longer than a hang-up takes to be noticed, where it is. */
  private static final Duration LEFT = Duration.ofMillis(400);

  private final BlockingQueue<List<String>> seen = new LinkedBlockingQueue<>();
  private volatile CountDownLatch inside = new CountDownLatch(1);

  private static String asked(HttpServletRequest in) {
    String other = CompletableFuture.supplyAsync(() -> String.valueOf(in.isAsyncStarted())).join();
    return in.isAsyncStarted() + ", to another thread " + other;
  }

  private TestServer start(Container container, Transport transport, Filter... filters)
      throws Exception {
    return container.start(
        transport,
        app -> {
          for (Filter each : filters) {
            app.filter(each);
          }
          app.handler(
                  "/left",
                  (in, out) -> {
                    List<String> answers = new ArrayList<>();
                    answers.add("before " + asked(in));
                    AsyncContext context = in.startAsync();
                    answers.add("after start " + asked(in));
                    inside.countDown();
                    sleep();
                    answers.add("after the client has left " + asked(in));
                    context.complete();
                    answers.add("after complete " + asked(in));
                    seen.add(answers);
                  })
              .handler(
                  "/completed",
                  (in, out) -> {
                    List<String> answers = new ArrayList<>();
                    AsyncContext context = in.startAsync();
                    context.complete();
                    answers.add("after complete " + asked(in));
                    seen.add(answers);
                  })
              .handler(
                  "/dispatched",
                  (in, out) -> {
                    List<String> answers = new ArrayList<>();
                    if (in.getDispatcherType() == DispatcherType.ASYNC) {
                      answers.add("in the dispatch " + asked(in));
                    } else {
                      in.startAsync().dispatch();
                      answers.add("after dispatch " + asked(in));
                    }
                    seen.add(answers);
                  });
        });
  }

  private static void sleep() {
    try {
      Thread.sleep(LEFT.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> answers(Container container, Transport transport, Filter... filters)
      throws Exception {
    List<String> all = new ArrayList<>();
    try (Logs unwanted = Logs.swallow();
        TestServer server = start(container, transport, filters)) {
      for (PartialRequest.Way way : PartialRequest.Way.of(transport)) {
        inside = new CountDownLatch(1);
        try (PartialRequest client = PartialRequest.get(server, "/left")) {
          assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
          client.leave(way);
          all.addAll(next());
        }
      }
      try (PartialRequest client = PartialRequest.get(server, "/completed")) {
        all.addAll(next());
      }
      try (PartialRequest client = PartialRequest.get(server, "/dispatched")) {
        all.addAll(next());
        all.addAll(next());
      }
    }
    return all;
  }

  private List<String> next() throws InterruptedException {
    List<String> next = seen.poll(10, TimeUnit.SECONDS);
    assertThat(next).isNotNull();
    return next;
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void whileTheServletIsInside_isWhatItIsWithoutTheFilter_G13(
      Container container, Transport transport) throws Exception {
    List<String> without = answers(container, transport);
    assertThat(answers(container, transport, new SafeAsyncFilter())).isEqualTo(without);
    assertThat(without).contains("after the client has left true, to another thread true");
  }
}
