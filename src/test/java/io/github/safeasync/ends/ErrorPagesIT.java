package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * What an error page sees, and what the client gets of it, whenever in a request the error comes:
 * with the filter as without. Undertow gives its pages the objects of the asynchronous dispatch,
 * the guards, and Tomcat the attributes that listeners have left.
 */
class ErrorPagesIT {

  private static final int TIMEOUT_MILLIS = 500;

  /** What an application does on the way to an error, by the path it is asked at. */
  private static final Map<String, Handler> ERRORS = new LinkedHashMap<>();

  /** Where the application works on. */
  private final ExecutorService elsewhere = Executors.newCachedThreadPool();

  @AfterEach
  void stop() {
    elsewhere.shutdownNow();
  }

  /** Does what it is told to by a listener. */
  private static class Silent implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {}

    @Override
    public void onError(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }

  private static Handler afterDispatch(Handler then) {
    return (in, out) -> {
      if (in.getDispatcherType() == DispatcherType.ASYNC) {
        then.handle(in, out);
      } else {
        in.startAsync().dispatch();
      }
    };
  }

  private static AsyncContext started(HttpServletRequest in, AsyncListener listener) {
    AsyncContext context = in.startAsync();
    context.setTimeout(TIMEOUT_MILLIS);
    context.addListener(listener);
    return context;
  }

  private void deploy(TestApplication app) {
    ERRORS.clear();
    ERRORS.put("/sync", (in, out) -> out.sendError(403));
    ERRORS.put("/dispatched", afterDispatch((in, out) -> out.sendError(403, "so")));
    ERRORS.put(
        "/dispatched-by-another-thread",
        (in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            out.setHeader("Of", "the dispatch");
            out.sendError(403);
          } else {
            AsyncContext context = in.startAsync();
            elsewhere.execute(context::dispatch);
          }
        });
    ERRORS.put(
        "/dispatched-with-objects",
        (in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            out.sendError(403);
          } else {
            in.startAsync(in, out).dispatch();
          }
        });
    ERRORS.put(
        "/dispatched-to-a-path",
        (in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            out.sendError(403);
          } else {
            in.startAsync().dispatch("/sync?to=path");
          }
        });
    ERRORS.put(
        "/dispatched-twice",
        (in, out) -> {
          if (in.getAttribute("again") != null) {
            out.sendError(403);
          } else {
            if (in.getDispatcherType() == DispatcherType.ASYNC) {
              in.setAttribute("again", true);
            }
            in.startAsync().dispatch();
          }
        });
    ERRORS.put(
        "/forwarded-after-dispatch",
        afterDispatch((in, out) -> in.getRequestDispatcher("/sync").forward(in, out)));
    ERRORS.put(
        "/throwing-after-dispatch",
        afterDispatch(
            (in, out) -> {
              throw new ServletException("thrown");
            }));
    ERRORS.put(
        "/throwing-and-heard",
        (in, out) -> {
          started(in, new Silent());
          throw new ServletException("thrown");
        });
    ERRORS.put("/timed-out", (in, out) -> started(in, new Silent()));
    ERRORS.put(
        "/timed-out-and-dispatched",
        (in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            out.sendError(503);
          } else {
            started(
                in,
                new Silent() {
                  @Override
                  public void onTimeout(AsyncEvent event) {
                    event.getAsyncContext().dispatch();
                  }
                });
          }
        });
    ERRORS.put(
        "/timed-out-and-answered",
        (in, out) ->
            started(
                in,
                new Silent() {
                  @Override
                  public void onTimeout(AsyncEvent event) throws IOException {
                    out.sendError(503);
                    event.getAsyncContext().complete();
                  }
                }));
    ERRORS.put(
        "/completed-elsewhere",
        (in, out) -> {
          AsyncContext context = in.startAsync();
          elsewhere.execute(
              () -> {
                try {
                  out.sendError(403);
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
                context.complete();
              });
        });
    ERRORS.put(
        "/listened-to",
        (in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            out.sendError(403);
          } else {
            in.setAttribute("removed", "still there");
            AsyncContext context =
                started(
                    in,
                    new Silent() {
                      @Override
                      public void onComplete(AsyncEvent event) {
                        in.removeAttribute("removed");
                        in.setAttribute("set", "by onComplete");
                      }
                    });
            context.dispatch();
          }
        });
    ERRORS.forEach(app::handler);
    app.handler("/page", ErrorPagesIT::page);
    app.errorPage(403, "/page");
    app.errorPage(500, "/page");
    app.errorPage(503, "/page");
  }

  /** Answers with all that it sees. */
  private static void page(HttpServletRequest in, HttpServletResponse out) throws IOException {
    StringBuilder seen = new StringBuilder();
    seen.append(in.getDispatcherType()).append(' ').append(in.getMethod());
    seen.append(' ').append(in.getRequestURI()).append(' ').append(in.getServletPath());
    seen.append(' ').append(in.getQueryString()).append(' ').append(in.getHeader("Host"));
    seen.append("\nmapping ").append(in.getHttpServletMapping().getPattern());
    seen.append("\nnot committed ").append(!out.isCommitted()).append(' ').append(out.getStatus());
    seen.append("\nof the dispatch: ").append(out.getHeader("Of"));
    seen.append("\nasync supported ").append(in.isAsyncSupported());
    seen.append("\nparameter ").append(in.getParameter("to"));
    for (String name :
        new String[] {
          RequestDispatcher.ERROR_STATUS_CODE,
          RequestDispatcher.ERROR_REQUEST_URI,
          RequestDispatcher.ERROR_SERVLET_NAME,
          RequestDispatcher.ERROR_MESSAGE,
          "removed",
          "set"
        }) {
      seen.append('\n').append(name).append(": ").append(in.getAttribute(name));
    }
    Object exception = in.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
    seen.append("\nexception ").append(exception == null ? null : exception.getClass());
    out.setContentType("text/plain");
    out.setHeader("By", "page");
    out.getWriter().write(seen.toString());
  }

  /** Undertow's page for developers has the stack, and with it the filters. */
  private static String withoutStyle(String body) {
    int style = body.indexOf("<style>");
    return style < 0 ? body : body.substring(0, style);
  }

  private Map<String, String> seen(
      Container container, Transport transport, Set<DispatcherType> types) throws Exception {
    Map<String, String> seen = new LinkedHashMap<>();
    try (Logs unwanted = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                app -> {
                  if (!types.isEmpty()) {
                    app.filter("safe-async", new SafeAsyncFilter(), Map.of(), true, types, "/*");
                  }
                  deploy(app);
                })) {
      // Those that wait for their timeouts do so while the others are asked.
      Map<String, Callable<String>> waiting = new LinkedHashMap<>();
      for (String path : ERRORS.keySet()) {
        if (path.startsWith("/timed-out")) {
          waiting.put(path, ask(server, path));
        }
      }
      for (String path : ERRORS.keySet()) {
        if (!waiting.containsKey(path)) {
          seen.put(path, seen(server, ask(server, path)));
        }
      }
      for (Map.Entry<String, Callable<String>> each : waiting.entrySet()) {
        seen.put(each.getKey(), seen(server, each.getValue()));
      }
    }
    return seen;
  }

  private static String seen(TestServer server, Callable<String> asked) throws Exception {
    try {
      return withoutStyle(asked.call().replace(":" + server.port(), ":PORT"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Sends a request, whose answer the result waits for. */
  private static Callable<String> ask(TestServer server, String path) throws Exception {
    if (server.transport().isHttp2()) {
      Http2Client client = Http2Client.connect(server);
      Http2Exchange response = client.get(path);
      return () -> answer(client, response);
    }
    RawClient client = RawClient.connect(server).get(path);
    return () -> answer(client);
  }

  private static String answer(RawClient asked) throws IOException {
    try (RawClient client = asked) {
      RawResponse response = client.readResponse();
      return answer(
          response.status(),
          response.header("By"),
          response.header("Content-Type"),
          response.end(),
          response.body());
    }
  }

  private static String answer(Http2Client asked, Http2Exchange response) throws Exception {
    try (Http2Client client = asked) {
      String body = response.awaitBody();
      return answer(
          response.awaitStatus(),
          response.header("By"),
          response.header("Content-Type"),
          response.awaitEnd(),
          body);
    }
  }

  private static String answer(
      int status, Optional<String> by, Optional<String> type, RawResponse.End end, String body) {
    return status + " by " + by + " " + type + " " + end + "\n" + body;
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2C})
  void errorPages_seeWhatTheySeeWithoutTheFilter_G13(Container container, Transport transport)
      throws Exception {
    Map<String, String> without = seen(container, transport, Set.of());
    assertThat(without.get("/sync")).startsWith("403 by Optional[page]").contains("ERROR GET");
    assertThat(seen(container, transport, EnumSet.allOf(DispatcherType.class))).isEqualTo(without);
    assertThat(seen(container, transport, EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC)))
        .isEqualTo(without);
  }

  /** The library answers on a thread of its own, with what the container does for it there. */
  @ParameterizedTest
  @EveryContainer
  void errorsOfTheLibrary_haveThePageToo(Container container) throws Exception {
    SafeAsyncFilter filter =
        SafeAsyncFilter.create(
            SafeAsyncConfig.builder().timeout(Duration.ofMillis(TIMEOUT_MILLIS)).build());
    try (Logs unwanted = Logs.swallow();
        TestServer server =
            container.start(
                app ->
                    app.filter(filter)
                        .errorPage(403, "/page")
                        .errorPage(503, "/page")
                        .handler("/page", ErrorPagesIT::page)
                        .handler("/timed-out", (in, out) -> SafeAsyncResponse.of(in))
                        .handler(
                            "/after-dispatch", afterDispatch((in, out) -> SafeAsyncResponse.of(in)))
                        .handler(
                            "/refused",
                            (in, out) -> {
                              SafeAsyncResponse response = SafeAsyncResponse.of(in);
                              elsewhere.execute(() -> response.sendError(403, "so"));
                            }))) {
      for (String path : new String[] {"/refused", "/timed-out", "/after-dispatch"}) {
        // Tomcat closes the connection after a 503.
        try (RawClient client = RawClient.connect(server)) {
          RawResponse response = client.get(path).readResponse();
          assertThat(response.header("By")).as(path).hasValue("page");
          assertThat(response.body())
              .startsWith("ERROR GET /page")
              .contains("status_code: " + response.status())
              .contains("request_uri: " + path);
        }
      }
    }
  }
}
