package io.github.safeasync.cancel;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.DispatcherType;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/** G9: the work stops with the client, where the policy says so, and never after a normal end. */
class CancelIT {

  private final ExecutorService pool = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  @ParameterizedTest
  @EveryTransport
  void clientHangsUp_boundWorkIsCancelledOnce_G9(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport)) {
      SafeAsyncResponse response = takeAndHangUpWith(site, this::bindEverything);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.DISCONNECTED);
      await().until(bound::isCancelled);
      await().untilAtomic(closed, org.hamcrest.Matchers.is(1));
      assertThat(interrupted.await(Site.PATIENCE_SECONDS, SECONDS)).isTrue();
      assertThat(response.token().isCancelled()).isTrue();
      assertThatThrownBy(response::throwIfGone)
          .isInstanceOf(ClientDisconnectedException.class)
          .satisfies(thrown -> assertThat(thrown.getStackTrace()).isEmpty());
      logs.assertQuiet();
    }
    assertThat(closed).hasValue(1);
  }

  private final CompletableFuture<?> bound = new CompletableFuture<>();
  private final AtomicInteger closed = new AtomicInteger();
  private final CountDownLatch interrupted = new CountDownLatch(1);

  private void bindEverything(SafeAsyncResponse response) throws Exception {
    response.cancelOnDisconnect(bound);
    response.cancelOnDisconnect(closed::incrementAndGet);
    CountDownLatch asleep = new CountDownLatch(1);
    pool.execute(
        () -> {
          Handle binding = response.cancelOnDisconnect(Thread.currentThread());
          asleep.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          } finally {
            binding.remove();
          }
        });
    asleep.await();
  }

  private interface Preparation {
    void accept(SafeAsyncResponse response) throws Exception;
  }

  private static SafeAsyncResponse takeAndHangUpWith(Site site, Preparation preparation)
      throws Exception {
    if (site.server().transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(site.server())) {
        Http2Exchange exchange = client.get("/take");
        SafeAsyncResponse response = site.take();
        preparation.accept(response);
        exchange.reset();
        Site.endOf(response);
        return response;
      }
    }
    return takeAndHangUp(site, "GET", preparation);
  }

  private static SafeAsyncResponse takeAndHangUp(Site site, String method, Preparation preparation)
      throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      client.send(method + " /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      SafeAsyncResponse response = site.take();
      preparation.accept(response);
      return response;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void normalEnd_cancelsNothing_G9(Container container) throws Exception {
    CompletableFuture<?> work = new CompletableFuture<>();
    try (Site site = Site.start(container)) {
      SafeAsyncResponse response;
      try (RawClient client = RawClient.connect(site.server())) {
        client.get("/take");
        response = site.take();
        response.cancelOnDisconnect(work);
        response.finish("done");
        assertThat(client.readResponse().body()).isEqualTo("done");
      }
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.COMPLETED);
      response.throwIfGone();
      response.token().throwIfCancelled();
      response.cancelOnDisconnect(work);
    }
    assertThat(work.isCancelled()).isFalse();
  }

  @ParameterizedTest
  @EveryContainer
  void post_underTheDefaultPolicy_runsToItsEnd_writesDropped_listenersTold(Container container)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container)) {
      CountDownLatch mayEnd = new CountDownLatch(1);
      LinkedBlockingQueue<String> steps = new LinkedBlockingQueue<>();
      AtomicReference<Future<?>> order = new AtomicReference<>();
      SafeAsyncResponse response =
          takeAndHangUp(
              site,
              "POST",
              taken -> {
                taken.onEnd(end -> steps.add("told " + end.kind()));
                order.set(pool.submit(() -> order(taken, mayEnd, steps)));
                taken.cancelOnDisconnect(order.get());
              });
      assertThat(steps.poll(Site.PATIENCE_SECONDS, SECONDS)).isEqualTo("told DISCONNECTED");
      mayEnd.countDown();
      order.get().get(Site.PATIENCE_SECONDS, SECONDS);
      assertThat(steps).containsExactly("stored", "write false", "finish false");
      assertThat(response.token().isCancelled()).isFalse();
      logs.assertQuiet();
    }
  }

  private static Void order(
      SafeAsyncResponse response, CountDownLatch mayEnd, LinkedBlockingQueue<String> steps)
      throws Exception {
    mayEnd.await();
    response.token().throwIfCancelled();
    steps.add("stored");
    steps.add("write " + response.write("your order"));
    steps.add("finish " + response.finish());
    return null;
  }

  @ParameterizedTest
  @EveryContainer
  void policyInCode_overridesTheFilters(Container container) throws Exception {
    try (Site site = Site.start(container)) {
      CompletableFuture<?> search = new CompletableFuture<>();
      Preparation always =
          taken -> taken.cancelPolicy(CancelPolicy.ALWAYS).cancelOnDisconnect(search);
      Site.endOf(takeAndHangUp(site, "POST", always));
      await().until(search::isCancelled);

      CompletableFuture<?> cached = new CompletableFuture<>();
      Preparation never =
          taken -> taken.cancelPolicy(CancelPolicy.NEVER).cancelOnDisconnect(cached);
      Site.endOf(takeAndHangUp(site, "GET", never));
      assertThat(cached.isCancelled()).isFalse();
    }
  }

  /** As web.xml has it: the same filter class twice, each with its own routes and policy. */
  @ParameterizedTest
  @EveryContainer
  void policy_isThatOfTheMappingTheRequestCameBy(Container container) throws Exception {
    BlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();
    Handler take = (request, raw) -> taken.add(SafeAsyncResponse.of(request));
    try (TestServer server =
        container.start(
            Transport.PLAIN,
            app ->
                mapped(mapped(app, "/search/*", "always"), "/report/*", "never")
                    .handler("/search/*", take)
                    .handler("/report/*", take))) {
      CompletableFuture<?> search = hangUpOn(server, "POST /search/all", taken);
      await().until(search::isCancelled);
      assertThat(hangUpOn(server, "GET /report/all", taken).isCancelled()).isFalse();
    }
  }

  private static TestApplication mapped(TestApplication app, String routes, String policy) {
    return app.filter(
        "safe-async " + routes,
        new SafeAsyncFilter(),
        Map.of("cancel", policy),
        true,
        EnumSet.allOf(DispatcherType.class),
        routes);
  }

  private static CompletableFuture<?> hangUpOn(
      TestServer server, String request, BlockingQueue<SafeAsyncResponse> taken) throws Exception {
    CompletableFuture<?> work = new CompletableFuture<>();
    SafeAsyncResponse response;
    try (RawClient client = RawClient.connect(server)) {
      client.send(request + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      response = taken.poll(Site.PATIENCE_SECONDS, SECONDS);
      response.cancelOnDisconnect(work);
    }
    assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.DISCONNECTED);
    return work;
  }

  @ParameterizedTest
  @EveryContainer
  void timeout_cancelsWhereCancelOnNamesIt(Container container) throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ofMillis(50))
            .cancelOn(EnumSet.of(End.Kind.TIMED_OUT))
            .build();
    try (Site site = Site.start(container, config);
        RawClient client = RawClient.connect(site.server())) {
      client.get("/take");
      CompletableFuture<?> work = new CompletableFuture<>();
      site.take().cancelOnDisconnect(work);
      assertThat(client.readResponse().status()).isEqualTo(503);
      await().until(work::isCancelled);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void grace_workThatIsTakenOverWithinIt_goesOn(Container container) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().cancelAfter(Duration.ofHours(1)).build();
    CompletableFuture<?> left = new CompletableFuture<>();
    CompletableFuture<String> moved = new CompletableFuture<>();
    try (Site site = Site.start(container, config);
        RawClient again = RawClient.connect(site.server())) {
      AtomicReference<Handle> binding = new AtomicReference<>();
      SafeAsyncResponse first =
          takeAndHangUp(
              site,
              "GET",
              taken -> {
                taken.cancelOnDisconnect(left);
                binding.set(taken.cancelOnDisconnect(moved));
              });
      assertThat(Site.endOf(first).kind()).isEqualTo(End.Kind.DISCONNECTED);
      again.get("/take");
      SafeAsyncResponse second = site.take();
      assertThat(binding.get().remove()).isTrue();
      second.cancelOnDisconnect(moved);
      moved.thenAccept(second.guard((String result) -> second.finish(result)));
      moved.complete("still here");
      assertThat(again.readResponse().body()).isEqualTo("still here");
      assertThat(left.isCancelled()).isFalse();
    }
    assertThat(left.isCancelled()).as("cancelled by the undeployment").isTrue();
  }

  @ParameterizedTest
  @EveryContainer
  void loops_stopByThrowIfGoneAndByTheToken(Container container) throws Exception {
    try (Site site = Site.start(container)) {
      CompletableFuture<Throwable> byResponse = new CompletableFuture<>();
      CompletableFuture<Throwable> byToken = new CompletableFuture<>();
      takeAndHangUp(
          site,
          "GET",
          taken -> {
            spin(byResponse, taken::throwIfGone);
            CancellationToken token = taken.token();
            spin(byToken, token::throwIfCancelled);
          });
      assertThat(byResponse.get(Site.PATIENCE_SECONDS, SECONDS))
          .isInstanceOf(ClientDisconnectedException.class);
      assertThat(byToken.get(Site.PATIENCE_SECONDS, SECONDS))
          .isInstanceOf(CancellationException.class);
    }
  }

  private interface Check {
    void run() throws Exception;
  }

  private void spin(CompletableFuture<Throwable> stopped, Check check) {
    pool.execute(
        () -> {
          try {
            for (long i = 0; i < Long.MAX_VALUE; i++) {
              check.run();
            }
          } catch (Exception e) {
            stopped.complete(e);
          }
        });
  }

  @ParameterizedTest
  @EveryContainer
  void current_isTheExchangesInsideGuardedCode_andNothingIsLeft(Container container)
      throws Exception {
    ExecutorService one = Executors.newSingleThreadExecutor();
    try (Site site = Site.start(container);
        RawClient client = RawClient.connect(site.server());
        RawClient otherClient = RawClient.connect(site.server())) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      otherClient.get("/take");
      SafeAsyncResponse other = site.take();
      LinkedBlockingQueue<Boolean> seen = new LinkedBlockingQueue<>();
      Runnable nested =
          response.guard(
              () -> {
                other.guard((Runnable) () -> seen.add(isCurrent(other))).run();
                seen.add(isCurrent(response));
              });
      one.submit(nested).get();
      assertThat(seen).containsExactly(true, true);
      assertThat(one.submit(SafeAsyncResponse::current).get()).isEmpty();

      CompletableFuture.supplyAsync(() -> isCurrent(response), response.guardExecutor(one))
          .thenApplyAsync(first -> first && isCurrent(response), response.guardExecutor(one))
          .thenAccept(response.guard((Boolean both) -> response.finish("current: " + both)));
      assertThat(client.readResponse().body()).isEqualTo("current: true");
      assertThat(one.submit(SafeAsyncResponse::current).get()).isEmpty();
      other.finish();
    } finally {
      one.shutdownNow();
    }
  }

  private static boolean isCurrent(SafeAsyncResponse response) {
    return SafeAsyncResponse.current().filter(each -> each == response).isPresent();
  }
}
