package io.github.safeasync.ends;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.internal.guard.GuardedRequest;
import io.github.safeasync.internal.guard.GuardedResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Ends;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Dispatches of every kind and asynchronous cycles after one another, by servlets that never heard
 * of the library: each runs with the filter and without it, and answers the same.
 */
class DispatchIT {

  private static final Set<DispatcherType> ALL = EnumSet.allOf(DispatcherType.class);

  private final ExecutorService threads = Threads.started(4);
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  /** Returns what the client gets of a path with the filter, having seen that it does without. */
  private RawResponse sameAsWithout(
      Container container, String path, Consumer<TestApplication> application) throws Exception {
    List<RawResponse> responses = new ArrayList<>();
    List<List<String>> listened = new ArrayList<>();
    for (boolean filtered : new boolean[] {false, true}) {
      heard.clear();
      try (Logs logs = Logs.capture();
          TestServer server =
              container.start(
                  app -> {
                    if (filtered) {
                      app.filter(new SafeAsyncFilter(), Map.of());
                    }
                    application.accept(app);
                  });
          RawClient client = RawClient.connect(server)) {
        for (int i = 0; i < 3; i++) {
          responses.add(client.get(path).readResponse());
          // The client may have its answer before the container has told of the completion.
          await().until(() -> count("onComplete") >= count("listening"));
        }
        listened.add(List.copyOf(heard));
      }
    }
    for (RawResponse each : responses) {
      assertThat(each.status()).isEqualTo(responses.get(0).status());
      assertThat(each.body()).isEqualTo(responses.get(0).body());
      assertThat(each.isComplete()).isTrue();
    }
    if (container != Container.UNDERTOW) { // which tells some of it twice, or not at all
      assertThat(listened.get(1)).isEqualTo(listened.get(0));
    }
    return responses.get(5);
  }

  private long count(String event) {
    return heard.stream().filter(event::equals).count();
  }

  private void later(Runnable task) {
    threads.execute(task);
  }

  private static String describe(HttpServletRequest request) {
    return request.getDispatcherType()
        + " "
        + request.getRequestURI()
        + " "
        + request.getServletPath()
        + " async "
        + request.isAsyncStarted()
        + " from "
        + request.getAttribute(AsyncContext.ASYNC_REQUEST_URI)
        + "\n";
  }

  private static final Handler DESCRIBING = (in, out) -> out.getOutputStream().print(describe(in));

  @ParameterizedTest
  @EveryContainer
  void asyncDispatch_toAPath_fromAnotherThread(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                        "/start",
                        (in, out) -> {
                          AsyncContext context = in.startAsync();
                          context.start(() -> context.dispatch("/there"));
                        })
                    .handler("/there", DESCRIBING));
    assertThat(response.body()).contains("ASYNC /there");
  }

  @ParameterizedTest
  @EveryContainer
  void asyncDispatch_onTheServletsThread_afterWhichItGoesOn(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                        "/start",
                        (in, out) -> {
                          AsyncContext context = in.startAsync();
                          context.dispatch("/there");
                          in.setAttribute("after", "seen");
                          out.setHeader("X-After", "set");
                        })
                    .handler(
                        "/there",
                        (in, out) ->
                            out.getOutputStream().print(describe(in) + in.getAttribute("after"))));
    assertThat(response.body()).contains("seen");
    assertThat(response.header("X-After")).contains("set");
  }

  @ParameterizedTest
  @EveryContainer
  void asyncDispatch_withoutAPath_comesBackToTheServlet(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                    "/start",
                    (in, out) -> {
                      if (in.getDispatcherType() == DispatcherType.ASYNC) {
                        out.getOutputStream().print(describe(in));
                      } else {
                        AsyncContext context = in.startAsync();
                        context.start(context::dispatch);
                      }
                    }));
    assertThat(response.body()).contains("ASYNC /start");
  }

  @ParameterizedTest
  @EveryContainer
  void manyCycles_eachWithItsListeners(Container container) throws Exception {
    AsyncListener listener =
        new Listening() {
          @Override
          public void onStartAsync(AsyncEvent event) {
            super.onStartAsync(event);
            event.getAsyncContext().addListener(this);
          }
        };
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                    "/start",
                    (in, out) -> {
                      Object before = in.getAttribute("round");
                      int round = before == null ? 0 : (Integer) before;
                      in.setAttribute("round", round + 1);
                      out.getOutputStream().print("round " + round + "\n");
                      AsyncContext context = in.startAsync();
                      if (round == 0) {
                        heard.add("listening");
                        context.addListener(listener);
                      }
                      // On Undertow start() waits for the container's thread to be out: a dispatch
                      // before that makes it tell of a completion, with the filter or without.
                      if (round < 4) {
                        context.start(context::dispatch);
                      } else {
                        context.start(context::complete);
                      }
                    }));
    assertThat(response.body()).isEqualTo("round 0\nround 1\nround 2\nround 3\nround 4\n");
    assertThat(heard).hasSize(3 * 6);
  }

  @ParameterizedTest
  @EveryContainer
  void forwardAndInclude_thenAsync_andBack(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                        "/start",
                        (in, out) -> {
                          in.getRequestDispatcher("/included").include(in, out);
                          in.getRequestDispatcher("/forwarded").forward(in, out);
                        })
                    .handler("/included", (in, out) -> in.setAttribute("included", "yes"))
                    .handler(
                        "/forwarded",
                        (in, out) -> {
                          if (in.getDispatcherType() == DispatcherType.ASYNC) {
                            out.getOutputStream().print(describe(in) + in.getAttribute("included"));
                            return;
                          }
                          // Not later: Undertow's path to it is another once the forward is over.
                          in.startAsync(in, out).dispatch();
                        }));
    assertThat(response.body()).contains("/forwarded").contains("yes");
  }

  @ParameterizedTest
  @EveryContainer
  void startAsync_afterAForward_withoutArguments_dispatchesToTheFirstServlet(Container container)
      throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                        "/start",
                        (in, out) -> {
                          if (in.getDispatcherType() == DispatcherType.ASYNC) {
                            out.getOutputStream().print("first");
                          } else {
                            in.getRequestDispatcher("/forwarded").forward(in, out);
                          }
                        })
                    .handler(
                        "/forwarded",
                        (in, out) -> {
                          AsyncContext context = in.startAsync();
                          in.setAttribute("originals", context.hasOriginalRequestAndResponse());
                          context.start(context::dispatch);
                        }));
    assertThat(response.body()).isEqualTo("first");
  }

  @ParameterizedTest
  @EveryContainer
  void originals_areSaidToBeThem_inEitherForm(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start?x=y",
            app ->
                app.handler(
                    "/start",
                    (in, out) -> {
                      Object round = in.getAttribute("round");
                      AsyncContext context =
                          round == null
                              ? in.startAsync()
                              : round.equals(1)
                                  ? in.startAsync(in, out)
                                  : in.startAsync(
                                      new HttpServletRequestWrapper(in),
                                      new HttpServletResponseWrapper(out));
                      boolean request = context.getRequest() == in;
                      out.getOutputStream()
                          .print(
                              context.hasOriginalRequestAndResponse()
                                  + " "
                                  + (round == null || request)
                                  + " "
                                  + (in.getAsyncContext() == context)
                                  + "\n");
                      in.setAttribute("round", round == null ? 1 : (Integer) round + 1);
                      if (round != null && round.equals(2)) {
                        context.start(context::complete);
                      } else {
                        context.start(context::dispatch);
                      }
                    }));
    assertThat(response.body()).startsWith("true true true");
  }

  /** Wrappers that are no HTTP requests any more are allowed on a dispatch. */
  @ParameterizedTest
  @EveryContainer
  void plainWrappers_onADispatch(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.handler(
                        "/start",
                        (in, out) -> {
                          AsyncContext context = in.startAsync(wrapped(in), wrapped(out));
                          context.start(() -> context.dispatch("/there"));
                        })
                    .handler("/there", (in, out) -> out.getOutputStream().print("there")));
    assertThat(response.body()).isEqualTo("there");
  }

  private static ServletRequest wrapped(HttpServletRequest request) {
    return new HttpServletRequestWrapper(request);
  }

  private static ServletResponse wrapped(HttpServletResponse response) {
    return new HttpServletResponseWrapper(response);
  }

  /** Wraps as filters around ours do. */
  private static final class Wrapping implements Filter {
    @Override
    public void doFilter(ServletRequest in, ServletResponse out, FilterChain chain)
        throws IOException, ServletException {
      chain.doFilter(
          new HttpServletRequestWrapper((HttpServletRequest) in),
          new HttpServletResponseWrapper((HttpServletResponse) out));
    }
  }

  @ParameterizedTest
  @EveryContainer
  void wrappers_ofOtherFilters_outsideAndInside(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app ->
                app.filter("inside", new Wrapping(), Map.of(), true, ALL, "/*")
                    .handler(
                        "/start",
                        (in, out) -> {
                          AsyncContext context =
                              in.getDispatcherType() == DispatcherType.REQUEST
                                  ? in.startAsync()
                                  : in.startAsync(in, out);
                          later(
                              in.getDispatcherType() == DispatcherType.REQUEST
                                  ? context::dispatch
                                  : () -> {
                                    try {
                                      context.getResponse().getOutputStream().print("wrapped");
                                      context.complete();
                                    } catch (IOException e) {
                                      throw new IllegalStateException(e);
                                    }
                                  });
                        }));
    assertThat(response.body()).isEqualTo("wrapped");
  }

  @ParameterizedTest
  @EveryContainer
  void dispatch_isGuardedOnce(Container container) throws Exception {
    BlockingQueue<String> guards = new LinkedBlockingQueue<>();
    try (TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter(), Map.of())
                        .handler(
                            "/start",
                            (in, out) -> {
                              guards.add(in.getDispatcherType() + " " + guards(in, out));
                              if (in.getDispatcherType() == DispatcherType.REQUEST) {
                                in.getRequestDispatcher("/start").include(in, out);
                                AsyncContext context = in.startAsync(wrapped(in), wrapped(out));
                                context.start(context::dispatch);
                              }
                            }));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/start").readResponse().status()).isEqualTo(200);
      assertThat(guards).containsExactly("REQUEST 1 and 1", "INCLUDE 1 and 1", "ASYNC 1 and 1");
    }
  }

  private static String guards(ServletRequest request, ServletResponse response) {
    int requests = 0;
    ServletRequest in = request;
    while (in instanceof ServletRequestWrapper wrapper) {
      requests += in instanceof GuardedRequest ? 1 : 0;
      in = wrapper.getRequest();
    }
    int responses = 0;
    ServletResponse out = response;
    while (out instanceof ServletResponseWrapper wrapper) {
      responses += out instanceof GuardedResponse ? 1 : 0;
      out = wrapper.getResponse();
    }
    return requests + " and " + responses;
  }

  @ParameterizedTest
  @EveryContainer
  void errorPage_isTheContainers(Container container) throws Exception {
    RawResponse response =
        sameAsWithout(
            container,
            "/start",
            app -> app.handler("/start", (in, out) -> out.sendError(418, "teapot")));
    assertThat(response.status()).isEqualTo(418);
  }

  @ParameterizedTest
  @EveryContainer
  void hangUp_afterADispatch_isToldInTheNextCycle_G6(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(
                app ->
                    app.filter(new SafeAsyncFilter(), Map.of())
                        .handler(
                            "/start",
                            (in, out) -> {
                              AsyncContext context = in.startAsync();
                              context.setTimeout(0);
                              if (in.getDispatcherType() == DispatcherType.REQUEST) {
                                context.start(context::dispatch);
                              } else {
                                context.addListener(new Listening());
                                pending.add(context);
                              }
                            }));
        RawClient client = RawClient.connect(server)) {
      client.get("/start");
      AsyncContext context = pending.poll(10, SECONDS);
      assertThat(context).isNotNull();
      client.closeFin();
      await().until(() -> heard.contains("onComplete"));
      assertThat(heard).containsExactly("onError", "onComplete");
      context.complete();
      logs.assertQuiet();
    }
  }

  /** The client leaves when the container has taken the dispatch, and not begun it. */
  @ParameterizedTest
  @EveryContainer
  void hangUp_beforeADispatchBegins_itsServletSeesItsOwnPath_andFailsQuietly_G12_G13(
      Container container) throws Exception {
    try (Logs logs = Logs.capture()) {
      assertThat(seenInLateDispatch(container, new SafeAsyncFilter()))
          .isEqualTo(seenInLateDispatch(container, (in, out, chain) -> chain.doFilter(in, out)))
          .contains("/target/later", "queried");
      // Undertow complains of a server that is stopped before the dispatch's thread is back.
      assertThat(logs.aboveInfo())
          .extracting(each -> each.getMessage() + each.getThrown())
          .noneMatch(line -> line.contains(ClientDisconnectedException.class.getSimpleName()));
    }
  }

  private static String seenInLateDispatch(Container container, Filter filter) throws Exception {
    CompletableFuture<String> seen = new CompletableFuture<>();
    CountDownLatch dispatched = new CountDownLatch(1);
    CountDownLatch left = new CountDownLatch(1);
    Filter before =
        (in, out, chain) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            dispatched.countDown();
            assertThat(Ends.await(in, Duration.ofSeconds(10))).isTrue();
          }
          try {
            chain.doFilter(in, out);
          } finally {
            if (in.getDispatcherType() == DispatcherType.ASYNC) {
              left.countDown();
            }
          }
        };
    try (TestServer server =
            container.start(
                app ->
                    app.filter(
                            "before",
                            before,
                            Map.of(),
                            true,
                            EnumSet.allOf(DispatcherType.class),
                            "/*")
                        .filter(filter)
                        .handler(
                            "/start",
                            (in, out) -> {
                              AsyncContext context = in.startAsync();
                              context.start(() -> context.dispatch("/target/later?query=queried"));
                            })
                        .handler(
                            "/target/*",
                            (in, out) -> {
                              String line = lineOf(in);
                              try {
                                for (int i = 0; i < 1_000; i++) {
                                  out.getOutputStream().write(1);
                                  out.flushBuffer();
                                }
                              } finally {
                                seen.complete(line);
                              }
                            }));
        RawClient client = RawClient.connect(server)) {
      client.get("/start");
      assertThat(dispatched.await(10, SECONDS)).isTrue();
      client.closeFin();
      String line = seen.get(10, SECONDS);
      left.await(10, SECONDS);
      return line;
    }
  }

  private static String lineOf(HttpServletRequest request) {
    return String.join(
        " ",
        List.of(
            request.getDispatcherType().toString(),
            request.getRequestURI(),
            request.getServletPath(),
            request.getPathInfo(),
            request.getQueryString(),
            request.getParameter("query"),
            request.getAttribute(AsyncContext.ASYNC_REQUEST_URI).toString()));
  }

  private class Listening implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) {
      heard.add("onComplete");
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      heard.add("onTimeout");
    }

    @Override
    public void onError(AsyncEvent event) {
      heard.add("onError");
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      heard.add("onStartAsync");
    }
  }
}
