package io.github.safeasync.cancel;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.CancellationToken;
import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.exchange.Exchange;
import io.github.safeasync.internal.exchange.Exchanges;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.VirtualThreads;
import io.github.safeasync.testkit.Witness;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * The exchange that a thread works for is known to code that is not handed it, and goes with it.
 */
class CurrentIT {

  private static final CancellationToken NONE = CancellationToken.none();

  private final ExecutorService pool = Threads.started(2);
  private final BlockingQueue<CompletableFuture<String>> bound = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> outcomes = new LinkedBlockingQueue<>();
  private final BlockingQueue<CancellationToken> seen = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  /** A library: it is handed nothing, and blocks as long as its work takes. */
  private String work() {
    CompletableFuture<String> work = new CompletableFuture<>();
    Handle binding = CancellationToken.current().bind(work);
    try {
      bound.add(work);
      return work.handle((done, failure) -> failure == null ? done : "cancelled").join();
    } finally {
      binding.remove();
    }
  }

  private void blocking(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String policy = request.getParameter("policy");
    if (policy != null) {
      request.setAttribute(CancelPolicy.ATTRIBUTE, CancelPolicy.valueOf(policy));
    }
    String outcome = work();
    outcomes.add(outcome);
    response.getWriter().write(outcome);
  }

  private static TestServer start(Container container, Consumer<TestApplication> application)
      throws Exception {
    return start(container, Transport.PLAIN, Map.of(), application);
  }

  private static TestServer start(
      Container container,
      Transport transport,
      Map<String, String> parameters,
      Consumer<TestApplication> application)
      throws Exception {
    return container.start(
        transport,
        built -> {
          built.filter(new SafeAsyncFilter(), parameters);
          application.accept(built);
        });
  }

  private CompletableFuture<String> hangUpOn(TestServer server, String request) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      client.send(request + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      return nextBound();
    }
  }

  private CompletableFuture<String> nextBound() throws Exception {
    CompletableFuture<String> work = bound.poll(10, SECONDS);
    assertThat(work).isNotNull();
    return work;
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13})
  void synchronousRequest_itsWorkIsCancelledWithItsClient_quietly_G9_G12(
      Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            start(container, transport, Map.of(), it -> it.handler("/work", this::blocking))) {
      hangUpOn(server, "GET /work");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
      saidOnce(logs);
    }
  }

  private static void saidOnce(Logs logs) {
    Witness.await()
        .untilAsserted(
            () ->
                assertThat(logs.ofLibrary())
                    .filteredOn(each -> each.getMessage().startsWith("The client has gone"))
                    .hasSize(1));
    logs.assertQuiet();
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void synchronousRequest_itsWorkIsCancelledWithItsHttp2Stream_G9(
      Container container, Transport transport) throws Exception {
    try (TestServer server =
            start(container, transport, Map.of(), it -> it.handler("/work", this::blocking));
        Http2Client client = Http2Client.connect(server)) {
      Http2Exchange exchange = client.get("/work");
      nextBound();
      exchange.reset();
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
    }
  }

  /** What goes through the filter then is the container's own exception of a lost client. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void servletThatThrowsOfItsCancelledWork_isNoFailureInTheLog_andNoSuccessFurtherOut_G12(
      Container container, Transport transport) throws Exception {
    BlockingQueue<Exception> thrown = new LinkedBlockingQueue<>();
    IllegalStateException failure = new IllegalStateException("of the application");
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(
                transport,
                it ->
                    it.filter((in, out, chain) -> hear(thrown, () -> chain.doFilter(in, out)))
                        .filter(new SafeAsyncFilter())
                        .handler(
                            "/throw",
                            (in, out) -> {
                              outcomes.add(work());
                              throw failure;
                            }))) {
      if (transport.isHttp2()) {
        try (Http2Client client = Http2Client.connect(server)) {
          client.get("/throw");
          nextBound();
        }
      } else {
        hangUpOn(server, "GET /throw");
      }
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
      Exception heard = thrown.poll(10, SECONDS);
      assertThat(heard).isInstanceOf(IOException.class).hasRootCause(failure);
      saidOnce(logs);
    }
  }

  private interface Call {
    void run() throws IOException, ServletException;
  }

  private static void hear(BlockingQueue<Exception> thrown, Call call)
      throws IOException, ServletException {
    try {
      call.run();
    } catch (IOException | ServletException | RuntimeException failure) {
      thrown.add(failure);
      throw failure;
    }
  }

  @ParameterizedTest
  @EveryContainer
  void answeredRequest_cancelsNothing_norDoesItsConnectionsNextOne_G9(Container container)
      throws Exception {
    CompletableFuture<String> left = new CompletableFuture<>();
    AtomicReference<CancellationToken> first = new AtomicReference<>();
    try (TestServer server =
        start(
            container,
            it ->
                it.handler("/work", this::blocking)
                    .handler(
                        "/left",
                        (in, out) -> {
                          first.set(CancellationToken.current());
                          first.get().bind(left);
                          out.getWriter().write("left");
                        }))) {
      CompletableFuture<String> unbound;
      try (RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/left").readResponse().body()).isEqualTo("left");
        client.get("/work");
        unbound = nextBound();
        unbound.complete("done");
        assertThat(client.readResponse().body()).isEqualTo("done");
        client.get("/work");
        nextBound();
      }
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("done");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
    }
    assertThat(left).isNotDone();
    assertThat(first.get().isCancelled()).isFalse();
    assertThat(first.get().isGone()).isFalse();
    assertThat(first.get().end().toCompletableFuture())
        .isCompletedWithValueMatching(end -> end.kind() == End.Kind.COMPLETED);
    CompletableFuture<String> late = new CompletableFuture<>();
    first.get().bind(late);
    assertThat(late).isNotDone();
  }

  @ParameterizedTest
  @EveryContainer
  void policiesCount_asForAsynchronousRequests_G9(Container container) throws Exception {
    try (TestServer server = start(container, it -> it.handler("/work", this::blocking))) {
      for (String spared : List.of("POST /work", "GET /work?policy=NEVER")) {
        CompletableFuture<String> work = hangUpOn(server, spared);
        await().during(300, MILLISECONDS).until(() -> !work.isDone());
        work.complete("done");
        assertThat(outcomes.poll(10, SECONDS)).isEqualTo("done");
      }
      hangUpOn(server, "POST /work?policy=ALWAYS");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
    }
    try (TestServer server =
        start(
            container,
            Transport.PLAIN,
            Map.of("cancel-on", "timed-out"),
            it -> it.handler("/work", this::blocking))) {
      CompletableFuture<String> work = hangUpOn(server, "GET /work");
      await().during(300, MILLISECONDS).until(() -> !work.isDone());
      work.complete("done");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("done");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void loopThatOnlyAsks_stopsWithItsClient_G9(Container container) throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    try (TestServer server =
        start(
            container,
            it ->
                it.handler(
                    "/loop",
                    (in, out) -> {
                      inside.countDown();
                      CancellationToken token = CancellationToken.current();
                      long until = System.nanoTime() + SECONDS.toNanos(30);
                      while (!token.isCancelled() && System.nanoTime() < until) {
                        Thread.onSpinWait();
                      }
                      outcomes.add("cancelled: " + token.isCancelled());
                    }))) {
      try (RawClient client = RawClient.connect(server)) {
        client.get("/loop");
        assertThat(inside.await(10, SECONDS)).isTrue();
      }
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled: true");
    }
  }

  /** What becomes asynchronous afterwards is watched by the watch that there is. */
  @ParameterizedTest
  @EveryContainer
  void requestThatBecomesAsynchronousAfterABind_hasOneWatch_andTheSameToken(Container container)
      throws Exception {
    BlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();
    AtomicReference<Exchanges> exchanges = new AtomicReference<>();
    CompletableFuture<String> before = new CompletableFuture<>();
    try (TestServer server =
        start(
            container,
            it ->
                it.handler(
                    "/late",
                    (in, out) -> {
                      exchanges.set(Exchange.of(in).exchanges());
                      CancellationToken token = CancellationToken.current();
                      token.bind(before);
                      SafeAsyncResponse response = SafeAsyncResponse.of(in);
                      assertThat(response.token()).isSameAs(token);
                      assertThat(SafeAsyncResponse.current()).containsSame(response);
                      taken.add(response);
                    }))) {
      Witness witness;
      try (RawClient client = RawClient.connect(server)) {
        client.get("/late");
        witness = Witness.of(taken.poll(10, SECONDS));
        Witness.await().until(() -> exchanges.get().scope().watching() > 0);
        assertThat(exchanges.get().scope().watching()).isEqualTo(1);
        assertThat(before).isNotDone();
      }
      assertThat(witness.ended()).isEqualTo(End.Kind.DISCONNECTED);
      await().until(before::isCancelled);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void requestThatBecomesAsynchronousAfterTheHangUp_endsDisconnected(Container container)
      throws Exception {
    BlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();
    try (Logs logs = Logs.capture();
        TestServer server =
            start(
                container,
                it ->
                    it.handler(
                        "/late",
                        (in, out) -> {
                          outcomes.add(work());
                          taken.add(SafeAsyncResponse.of(in));
                        }))) {
      hangUpOn(server, "GET /late");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
      SafeAsyncResponse response = taken.poll(10, SECONDS);
      assertThat(Witness.of(response).ended()).isEqualTo(End.Kind.DISCONNECTED);
      assertThat(response.token().isCancelled()).isTrue();
      saidOnce(logs);
    }
  }

  private CancellationToken see() {
    CancellationToken current = CancellationToken.current();
    seen.add(current);
    return current;
  }

  private List<CancellationToken> seen(int count) throws Exception {
    CancellationToken[] each = new CancellationToken[count];
    for (int i = 0; i < count; i++) {
      each[i] = seen.poll(10, SECONDS);
      assertThat(each[i]).as("the %d. of %d", i + 1, count).isNotNull();
    }
    return List.of(each);
  }

  private void seenTheSame(int count) throws Exception {
    List<CancellationToken> all = seen(count);
    assertThat(all).containsOnly(all.get(0)).doesNotContain(NONE);
    assertThat(seen).isEmpty();
  }

  @ParameterizedTest
  @EveryContainer
  void forwardIncludeAndDispatch_areOfTheSameExchange(Container container) throws Exception {
    try (TestServer server =
            start(
                container,
                it ->
                    it.handler(
                            "/forward",
                            (in, out) -> {
                              see();
                              in.getRequestDispatcher("/include").forward(in, out);
                            })
                        .handler(
                            "/include",
                            (in, out) -> {
                              see();
                              in.getRequestDispatcher("/async").include(in, out);
                              see();
                            })
                        .handler(
                            "/async",
                            (in, out) -> {
                              see();
                              if (in.getDispatcherType() != DispatcherType.ASYNC) {
                                in.startAsync().dispatch("/async");
                              }
                            }));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/forward").readResponse().status()).isEqualTo(200);
      seenTheSame(5);
    }
  }

  /** The page of an error is a request of its own to a filter that has been left. */
  @ParameterizedTest
  @EveryContainer
  void errorPage_hasAnExchange(Container container) throws Exception {
    try (TestServer server =
            start(
                container,
                it ->
                    it.errorPage(418, "/error")
                        .handler(
                            "/fails",
                            (in, out) -> {
                              see();
                              out.sendError(418);
                            })
                        .handler("/error", (in, out) -> see()));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/fails").readResponse().status()).isEqualTo(418);
      assertThat(seen(2)).doesNotContain(NONE);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void tasksAndListenersOfAnUnchangedServlet_areOfItsExchange(Container container)
      throws Exception {
    try (TestServer server =
            start(
                container,
                it -> it.handler("/start", this::startTask).handler("/listen", this::listen));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/start").readResponse().status()).isEqualTo(200);
      seenTheSame(2);
      client.send("POST /listen HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody");
      assertThat(client.readResponse().status()).isEqualTo(200);
      seenTheSame(4);
    }
  }

  private void startTask(HttpServletRequest request, HttpServletResponse response) {
    see();
    AsyncContext context = request.startAsync();
    context.start(
        () -> {
          see();
          context.complete();
        });
  }

  private void listen(HttpServletRequest request, HttpServletResponse response) throws IOException {
    see();
    AsyncContext context = request.startAsync();
    ServletInputStream in = request.getInputStream();
    ServletOutputStream out = response.getOutputStream();
    AtomicInteger reads = new AtomicInteger();
    in.setReadListener(
        new ReadListener() {
          @Override
          public void onDataAvailable() throws IOException {
            if (reads.getAndIncrement() == 0) {
              see();
            }
            while (in.isReady() && in.read() >= 0) {
              // dropped
            }
          }

          @Override
          public void onAllDataRead() throws IOException {
            see();
            out.setWriteListener(
                new WriteListener() {
                  @Override
                  public void onWritePossible() {
                    see();
                    context.complete();
                  }

                  @Override
                  public void onError(Throwable failure) {
                    throw new AssertionError(failure);
                  }
                });
          }

          @Override
          public void onError(Throwable failure) {
            throw new AssertionError(failure);
          }
        });
  }

  @ParameterizedTest
  @EveryContainer
  void executorOfTheApplication_worksForTheExchangeWhereItIsCarried_andNothingIsLeftOnThreads(
      Container container) throws Exception {
    Handler carrying =
        (in, out) -> {
          CancellationToken token = see();
          onPool(this::see);
          onPool(token.wrap(this::see)::call);
          onPool(token.wrap((Runnable) this::see)::run);
          onPool(() -> makeCurrent(token));
        };
    Looks looks = new Looks();
    try (TestServer server =
            container.start(
                it ->
                    it.listener(looks).filter(new SafeAsyncFilter()).handler("/carry", carrying));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/carry").readResponse().status()).isEqualTo(200);
      List<CancellationToken> all = seen(8);
      CancellationToken own = all.get(0);
      assertThat(own).isNotSameAs(NONE);
      assertThat(all).containsExactly(own, NONE, own, own, own, NONE, own, NONE);
      for (int i = 0; i < 100; i++) {
        onPool(this::see);
      }
      assertThat(seen(100)).containsOnly(NONE);
      assertThat(looks.current).hasValue(0);
      assertThat(looks.count).hasValueGreaterThanOrEqualTo(2);
    }
  }

  private interface Steps {
    void go() throws Exception;
  }

  private void onPool(Steps steps) {
    Callable<?> task =
        () -> {
          steps.go();
          return null;
        };
    try {
      pool.submit(task).get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void makeCurrent(CancellationToken token) {
    Handle before = token.makeCurrent();
    see();
    Handle none = NONE.makeCurrent();
    see();
    none.remove();
    see();
    before.remove();
    see();
  }

  /** Looks at each thread of a container as a request begins and ends. */
  private static final class Looks implements jakarta.servlet.ServletRequestListener {
    final AtomicInteger current = new AtomicInteger();
    final AtomicInteger count = new AtomicInteger();

    @Override
    public void requestInitialized(jakarta.servlet.ServletRequestEvent event) {
      look();
    }

    @Override
    public void requestDestroyed(jakarta.servlet.ServletRequestEvent event) {
      look();
    }

    private void look() {
      count.incrementAndGet();
      if (CancellationToken.current() != NONE) {
        current.incrementAndGet();
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void withoutTheFilter_isNone_andWithTwo_isOne(Container container) throws Exception {
    EnumSet<DispatcherType> all = EnumSet.allOf(DispatcherType.class);
    Handler see = (in, out) -> see();
    try (TestServer server =
            container.start(
                it ->
                    it.filter("outer", new SafeAsyncFilter(), Map.of(), true, all, "/two")
                        .filter(
                            "between",
                            (in, out, chain) -> {
                              see();
                              chain.doFilter(in, out);
                              see();
                            },
                            Map.of(),
                            true,
                            all,
                            "/two")
                        .filter("inner", new SafeAsyncFilter(), Map.of(), true, all, "/two")
                        .handler("/two", see)
                        .handler("/raw", see));
        RawClient client = RawClient.connect(server)) {
      client.get("/two").readResponse();
      seenTheSame(3);
      client.get("/raw").readResponse();
      assertThat(seen(1)).containsExactly(NONE);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void virtualThread_worksForItsRequest(Container container) throws Exception {
    assumeTrue(VirtualThreads.areAvailable(), "there are no virtual threads before JDK 21");
    CompletableFuture<Boolean> virtual = new CompletableFuture<>();
    try (TestServer server =
        start(
            container,
            it -> {
              VirtualThreads.serve(it);
              it.handler(
                  "/work",
                  (in, out) -> {
                    virtual.complete(VirtualThreads.isVirtual(Thread.currentThread()));
                    blocking(in, out);
                  });
            })) {
      hangUpOn(server, "GET /work");
      assertThat(virtual.get(10, SECONDS)).isTrue();
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("cancelled");
      VirtualThreads.executor().execute(this::see);
      assertThat(seen(1)).containsExactly(NONE);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void tokenAskedForAfterTheEnd_hasEnded(Container container) throws Exception {
    SafeAsyncFilter filter = new SafeAsyncFilter();
    BlockingQueue<AsyncContext> contexts = new LinkedBlockingQueue<>();
    BlockingQueue<End> ends = new LinkedBlockingQueue<>();
    try (TestServer server =
        container.start(
            it ->
                it.filter(filter)
                    .handler("/", (request, response) -> contexts.add(request.startAsync())))) {
      RawClient client = RawClient.connect(server).get("/");
      AsyncContext context = contexts.poll(10, SECONDS);
      client.closeFin();
      await()
          .untilAsserted(
              () -> assertThat(filter.stats().ended(End.Kind.DISCONNECTED)).isEqualTo(1));
      context.start(() -> CancellationToken.current().end().thenAccept(ends::add));
      End end = ends.poll(10, SECONDS);
      assertThat(end).isNotNull();
      assertThat(end.kind()).isEqualTo(End.Kind.DISCONNECTED);
    }
  }
}
