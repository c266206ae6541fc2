package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * With start=eager a servlet that knows nothing of the library sees what the container alone would
 * show, but that isAsyncStarted() is true and getAsyncContext() answers before it has started
 * anything.
 */
class EagerIT {

  private static final class OwnRequest extends HttpServletRequestWrapper {
    OwnRequest(HttpServletRequest request) {
      super(request);
    }
  }

  private static final class OwnResponse extends HttpServletResponseWrapper {
    OwnResponse(HttpServletResponse response) {
      super(response);
    }

    @Override
    public void setHeader(String name, String value) {
      super.setHeader(name, "own " + value);
    }
  }

  private static boolean hasOwn(ServletRequest request) {
    return request instanceof OwnRequest
        || (request instanceof ServletRequestWrapper wrapper && hasOwn(wrapper.getRequest()));
  }

  private static boolean hasOwn(ServletResponse response) {
    return response instanceof OwnResponse
        || (response instanceof ServletResponseWrapper wrapper && hasOwn(wrapper.getResponse()));
  }

  private static void target(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader("X-Target", request.getDispatcherType().toString());
    response
        .getWriter()
        .write(
            request.getServletPath()
                + " "
                + request.getQueryString()
                + " "
                + hasOwn(request)
                + " "
                + hasOwn(response));
  }

  private static AsyncContext startWithOwn(HttpServletRequest in, HttpServletResponse out) {
    OwnRequest request = new OwnRequest(in);
    OwnResponse response = new OwnResponse(out);
    AsyncContext context = in.startAsync(request, response);
    context.setTimeout(5000);
    ((HttpServletResponse) context.getResponse())
        .addHeader("X-Same", "" + (context.getRequest() == request));
    ((HttpServletResponse) context.getResponse())
        .addHeader("X-Same", "" + (context.getResponse() == response));
    return context;
  }

  /** Servlets that know nothing of the library, by path. */
  private static Map<String, Handler> handlers() {
    Map<String, Handler> handlers = new LinkedHashMap<>();
    handlers.put("/target", EagerIT::target);
    handlers.put("/forward", (in, out) -> in.getRequestDispatcher("/target").forward(in, out));
    handlers.put("/include", (in, out) -> in.getRequestDispatcher("/target").include(in, out));
    handlers.put(
        "/own",
        (in, out) -> {
          AsyncContext context = startWithOwn(in, out);
          ((HttpServletResponse) context.getResponse()).setHeader("X-Target", "none");
          context.getResponse().getWriter().write("own");
          context.complete();
        });
    handlers.put("/own-dispatch", (in, out) -> startWithOwn(in, out).dispatch("/target?a=b"));
    handlers.put(
        "/own-again",
        (in, out) -> {
          if (in.getAttribute("again") == null) {
            in.setAttribute("again", "yes");
            startWithOwn(in, out).dispatch();
          } else {
            target(in, out);
          }
        });
    handlers.put(
        "/plain-dispatch",
        (in, out) -> {
          AsyncContext context = in.startAsync();
          context.setTimeout(5000);
          context.dispatch("/target");
        });
    handlers.put("/refused", (in, out) -> out.sendError(403, "no"));
    handlers.put(
        "/fails",
        (in, out) -> {
          throw new OwnFailure();
        });
    handlers.put(
        "/fails-wrapped",
        (in, out) -> {
          throw new ServletException(new OwnFailure());
        });
    handlers.put(
        "/fails-to-read",
        (in, out) -> {
          throw new IOException("cannot read a file of the application's");
        });
    handlers.put(
        "/fails-unknown",
        (in, out) -> {
          throw new IllegalArgumentException("unknown");
        });
    handlers.put(
        "/fails-behind-a-part",
        (in, out) -> {
          out.getWriter().write("a part");
          throw new OwnFailure();
        });
    return handlers;
  }

  /** Has an error page of its own. */
  private static final class OwnFailure extends IllegalStateException {
    private static final long serialVersionUID = 1L;
  }

  private static void page(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Object failure = request.getAttribute(RequestDispatcher.ERROR_EXCEPTION);
    response
        .getWriter()
        .write(
            "page "
                + request.getDispatcherType()
                + " "
                + request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE)
                + " "
                + request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI)
                + " "
                + (failure == null ? "none" : failure.getClass().getSimpleName()));
  }

  /** A servlet that does not support it. */
  private static final class Synchronous extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws ServletException, IOException {
      String started;
      try {
        request.startAsync().complete();
        started = "started";
      } catch (IllegalStateException e) {
        started = "refused";
      }
      response.getWriter().write(started + " " + request.isAsyncSupported());
    }
  }

  /** Starts what its servlets did not ask for, as the library does. */
  private static void startAndGoOn(ServletRequest in, ServletResponse out, FilterChain chain)
      throws IOException, ServletException {
    AsyncContext context = in.startAsync();
    chain.doFilter(in, out);
    context.complete();
  }

  private static Map<String, List<String>> answers(
      Container container, Filter filter, Predicate<String> asked) throws Exception {
    Map<String, Handler> handlers = handlers();
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                app -> {
                  app.filter(filter, Map.of("start", "eager"));
                  handlers.forEach(app::handler);
                  app.handler("/page", EagerIT::page)
                      .errorPage(403, "/page")
                      .errorPage(OwnFailure.class, "/page")
                      .errorPage(IOException.class, "/page");
                  app.servlet("/synchronous", new Synchronous(), false);
                })) {
      Map<String, List<String>> answers = new LinkedHashMap<>();
      List<String> paths = new ArrayList<>(handlers.keySet());
      paths.add("/synchronous");
      paths.removeIf(asked.negate());
      for (String path : paths) {
        try (RawClient client = RawClient.connect(server)) {
          answers.put(path, answer(client.get(path).readResponse()));
        }
      }
      return answers;
    }
  }

  private static List<String> answer(RawResponse response) {
    // A container's own page may show the trace, in which the library stands.
    String body = response.body().strip();
    return List.of(
        response.status() + " " + body.replaceAll("(?s)<html.*", "a page of the container's"),
        response.header("X-Target").orElse("no target"),
        response.headers().getOrDefault("X-Same", List.of()).toString());
  }

  @ParameterizedTest
  @EveryContainer
  void servletsThatKnowNothing_answerAsWithoutTheFilter_G13(Container container) throws Exception {
    Predicate<String> answered = path -> !path.startsWith("/fails");
    assertThat(answers(container, new SafeAsyncFilter(), answered))
        .isEqualTo(answers(container, (in, out, chain) -> chain.doFilter(in, out), answered));
  }

  /**
   * What a servlet throws the container answers, and that of a request that was started: Undertow
   * shows no page for its type then, and Tomcat none of its own. Without the library Tomcat shows
   * no page at all of such a request, and Jetty answers it at its timeout.
   */
  @ParameterizedTest
  @EveryContainer
  void exceptions_areAnsweredAsWithoutTheFilter_orAsOfAStartedRequest_G13(Container container)
      throws Exception {
    Predicate<String> failing = path -> path.startsWith("/fails");
    Map<String, List<String>> expected =
        answers(
            container,
            container == Container.UNDERTOW
                ? EagerIT::startAndGoOn
                : (in, out, chain) -> chain.doFilter(in, out),
            failing);
    if (container.isTomcat()) {
      expected.put("/fails-unknown", List.of("500 ", "no target", "[]"));
    }
    assertThat(answers(container, new SafeAsyncFilter(), failing)).isEqualTo(expected);
  }
}
