package io.github.safeasync.compatibility;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.List;

/** Forwards, includes, and the filters and wrappers around them. */
final class DispatchScenarios {

  private DispatchScenarios() {}

  static List<Scenario> all() {
    return List.of(
        forward(),
        include(),
        named(),
        wrappedForward("forward-http-wrappers", DispatchScenarios::http),
        wrappedForward("forward-plain-wrappers", DispatchScenarios::plain),
        wrappedInclude("include-http-wrappers", DispatchScenarios::http),
        wrappedInclude("include-plain-wrappers", DispatchScenarios::plain),
        filter("filter-inside", false),
        filter("filter-outside", true),
        chainedForwards());
  }

  /** Wraps both objects. */
  interface Wrapping {
    Wrapped of(HttpServletRequest request, HttpServletResponse response);
  }

  record Wrapped(ServletRequest request, ServletResponse response) {}

  static Wrapped http(HttpServletRequest in, HttpServletResponse out) {
    return new Wrapped(new HttpMark(in), new HttpServletResponseWrapper(out));
  }

  static Wrapped plain(HttpServletRequest in, HttpServletResponse out) {
    return new Wrapped(new PlainMark(in), new ServletResponseWrapper(out));
  }

  /** Can be told from others. */
  static final class HttpMark extends HttpServletRequestWrapper {
    HttpMark(HttpServletRequest request) {
      super(request);
    }

    @Override
    public String getHeader(String name) {
      return name.equals("Marked") ? "by HTTP wrapper" : super.getHeader(name);
    }

    @Override
    public String getParameter(String name) {
      return name.equals("marked") ? "by HTTP wrapper" : super.getParameter(name);
    }
  }

  /** Can be told from others. */
  static final class PlainMark extends ServletRequestWrapper {
    PlainMark(ServletRequest request) {
      super(request);
    }

    @Override
    public String getParameter(String name) {
      return name.equals("marked") ? "by plain wrapper" : super.getParameter(name);
    }
  }

  /** Notes where a request has come from and whose wrappers it has. */
  static void arrived(Scenario it, HttpServletRequest in) {
    RequestScenarios.describe(it, in);
    it.note(RequestScenarios.own(in));
    for (String name : RequestScenarios.own(in)) {
      if (name.endsWith("_uri") || name.endsWith("_path") || name.endsWith("query_string")) {
        it.note(name + "=" + in.getAttribute(name));
      }
    }
    it.note(in.getParameter("marked") + " " + in.getHeader("Marked") + " " + in.getParameter("q"));
    boolean found = false;
    for (ServletRequest at = in; at instanceof ServletRequestWrapper wrapper; ) {
      found |= at instanceof HttpMark || at instanceof PlainMark;
      at = wrapper.getRequest();
    }
    it.note("a wrapper of the application's: " + found);
  }

  private static Scenario forward() {
    Scenario it = new Scenario("forward");
    return it.serves(
            (in, out) -> {
              out.setHeader("Before", "x");
              out.getWriter().write("dropped");
              in.getRequestDispatcher("/forward/target?q=2").forward(in, out);
              it.note(out.isCommitted());
              it.note("write", () -> out.getWriter().append("late").checkError());
            })
        .serves(
            "/committed",
            (in, out) -> {
              out.flushBuffer();
              it.note(
                  "forward",
                  () -> {
                    in.getRequestDispatcher("/forward/target").forward(in, out);
                    return "done";
                  });
            })
        .serves(
            "/failing", (in, out) -> in.getRequestDispatcher("/forward/throws").forward(in, out))
        .serves(
            "/throws",
            (in, out) -> {
              throw new IllegalStateException("in a forward");
            })
        .serves(
            "/context",
            (in, out) ->
                in.getServletContext().getRequestDispatcher("/forward/target").forward(in, out))
        .serves(
            "/target",
            (in, out) -> {
              arrived(it, in);
              out.getWriter().write("the target");
            })
        .gets("?q=1")
        .gets("/committed")
        .gets("/failing")
        .gets("/context");
  }

  private static Scenario include() {
    Scenario it = new Scenario("include");
    return it.serves(
            (in, out) -> {
              out.getWriter().write("before ");
              in.getRequestDispatcher("/include/target?q=2").include(in, out);
              out.setHeader("After", "x");
              out.getWriter().write(" after");
            })
        .serves(
            "/target",
            (in, out) -> {
              arrived(it, in);
              out.setHeader("Ignored", "x");
              out.setStatus(404);
              out.getWriter().write("included");
            })
        .gets("?q=1");
  }

  private static Scenario named() {
    Scenario it = new Scenario("named");
    return it.serves(
            (in, out) ->
                in.getServletContext()
                    .getNamedDispatcher("servlet at /named/target")
                    .forward(in, out))
        .serves(
            "/include",
            (in, out) ->
                in.getServletContext()
                    .getNamedDispatcher("servlet at /named/target")
                    .include(in, out))
        .serves(
            "/target",
            (in, out) -> {
              arrived(it, in);
              out.getWriter().write("by name");
            })
        .gets("?q=1")
        .gets("/include?q=2");
  }

  private static Scenario wrappedForward(String name, Wrapping wrapping) {
    Scenario it = new Scenario(name);
    return it.serves(
            (in, out) -> {
              Wrapped wrapped = wrapping.of(in, out);
              in.getRequestDispatcher("/" + name + "/target")
                  .forward(wrapped.request(), wrapped.response());
            })
        .serves(
            "/target",
            (in, out) -> {
              arrived(it, in);
              it.note("started", in::isAsyncStarted);
              var context = in.startAsync(in, out);
              it.note("originals", context::hasOriginalRequestAndResponse);
              out.getWriter().write("the target");
              context.complete();
            })
        .gets("");
  }

  private static Scenario wrappedInclude(String name, Wrapping wrapping) {
    Scenario it = new Scenario(name);
    return it.serves(
            (in, out) -> {
              Wrapped wrapped = wrapping.of(in, out);
              in.getRequestDispatcher("/" + name + "/target")
                  .include(wrapped.request(), wrapped.response());
              out.getWriter().write(" after");
            })
        .serves(
            "/target",
            (in, out) -> {
              arrived(it, in);
              out.getWriter().write("included");
            })
        .gets("");
  }

  /** A filter that wraps, for all dispatches. */
  private static Scenario filter(String name, boolean outside) {
    Scenario it = new Scenario(name);
    Filter filter =
        (in, out, chain) -> {
          it.note("filter " + in.getDispatcherType());
          HttpServletResponse response = (HttpServletResponse) out;
          response.addHeader("Filtered", in.getDispatcherType().name());
          chain.doFilter(new HttpMark((HttpServletRequest) in), new Upper(response));
        };
    DispatcherType[] all = DispatcherType.values();
    Scenario with = outside ? it.filtersOutside(filter, all) : it.filtersInside(filter, all);
    return with.serves(
            "/plain",
            (in, out) -> {
              arrived(it, in);
              out.getOutputStream().print("plain");
            })
        .serves(
            "/forward",
            (in, out) -> in.getRequestDispatcher("/" + name + "/plain").forward(in, out))
        .serves(
            "/async",
            (in, out) -> {
              arrived(it, in);
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                out.getOutputStream().print("dispatched");
              } else if (in.getParameter("both") == null) {
                in.startAsync().dispatch();
              } else {
                in.startAsync(in, out).dispatch();
              }
            })
        .serves(
            "/complete",
            (in, out) -> {
              var context = in.startAsync(in, out);
              it.note("originals", context::hasOriginalRequestAndResponse);
              context.start(
                  () -> {
                    it.noteElsewhere(
                        "print",
                        () -> {
                          context.getResponse().getOutputStream().print("completed");
                          return "done";
                        });
                    context.complete();
                  });
            })
        .gets("/plain")
        .gets("/forward")
        .gets("/async")
        .gets("/async?both=1")
        .gets("/complete");
  }

  /** Marks the body. */
  static final class Upper extends HttpServletResponseWrapper {
    Upper(HttpServletResponse response) {
      super(response);
    }

    @Override
    public jakarta.servlet.ServletOutputStream getOutputStream() throws java.io.IOException {
      super.getOutputStream().print("[");
      return super.getOutputStream();
    }
  }

  private static Scenario chainedForwards() {
    Scenario it = new Scenario("chained");
    return it.serves("/1", (in, out) -> in.getRequestDispatcher("/chained/2").forward(in, out))
        .serves(
            "/2",
            (in, out) -> {
              out.getWriter().write("2");
              in.getRequestDispatcher("/chained/3").include(in, out);
              in.getRequestDispatcher("/chained/3").include(in, out);
            })
        .serves(
            "/3",
            (in, out) -> {
              arrived(it, in);
              out.getWriter().write("3");
            })
        .gets("/1");
  }
}
