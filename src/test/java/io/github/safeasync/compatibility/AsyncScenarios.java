package io.github.safeasync.compatibility;

import io.github.safeasync.testkit.DeafListener;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Asynchronous cycles. */
final class AsyncScenarios {

  private static final long SHORT_MILLIS = 100;

  private AsyncScenarios() {}

  static List<Scenario> all() {
    return List.of(
        complete(),
        states(),
        misuse(),
        completeAfterDispatch(),
        notSupported(),
        dispatches(),
        dispatchTo(),
        contextOfACycle(),
        listeners(),
        timeouts(),
        failures(),
        errors(),
        wrapped("async-http-wrappers", DispatchScenarios::http),
        wrapped("async-plain-wrappers", DispatchScenarios::plain),
        afterForward(),
        streaming(),
        bodyElsewhere(),
        keepAlive());
  }

  /** Notes all events, until the last that the specification grants it. */
  private static final class Noting implements AsyncListener {
    private final Scenario it;
    private final String name;
    private final boolean again;
    private final AtomicBoolean last = new AtomicBoolean();

    Noting(Scenario it, String name, boolean again) {
      this.it = it;
      this.name = name;
      this.again = again;
      it.begins();
    }

    private void note(String event, AsyncEvent of) {
      String failure =
          of.getThrowable() == null ? "" : " " + of.getThrowable().getClass().getName();
      it.note(name + " " + event + failure);
    }

    private void ends() {
      if (last.compareAndSet(false, true)) {
        it.ends();
      }
    }

    @Override
    public void onComplete(AsyncEvent event) {
      note("onComplete", event);
      ends();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      note("onTimeout", event);
    }

    @Override
    public void onError(AsyncEvent event) {
      note("onError", event);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      note("onStartAsync", event);
      if (again) {
        event.getAsyncContext().addListener(this);
      } else {
        ends();
      }
    }
  }

  private static Scenario complete() {
    Scenario it = new Scenario("complete");
    return it.serves(
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(new Noting(it, "listener", false));
              out.getWriter().write("at once");
              context.complete();
              out.getWriter().write(", and after complete()");
            })
        .serves(
            "/elsewhere",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(new Noting(it, "listener", false));
              context.start(
                  () -> {
                    it.noteElsewhere(
                        "write",
                        () -> context.getResponse().getWriter().append("elsewhere").checkError());
                    context.complete();
                  });
            })
        .serves(
            "/empty",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.start(context::complete);
            })
        .gets("")
        .gets("/elsewhere")
        .gets("/empty");
  }

  private static String state(HttpServletRequest in) {
    return in.isAsyncStarted() + " " + in.isAsyncSupported() + " " + in.getDispatcherType();
  }

  /** What the context of a cycle answers once that has ended. */
  private static final class Asking extends DeafListener {
    private final Scenario it;

    Asking(Scenario it) {
      this.it = it;
      it.begins();
    }

    @Override
    public void onComplete(AsyncEvent event) {
      ask(it, "in onComplete", event.getAsyncContext());
      it.ends();
    }
  }

  private static void ask(Scenario it, String when, AsyncContext context) {
    it.note(when + ", request", () -> context.getRequest() != null);
    it.note(when + ", response", () -> context.getResponse() != null);
  }

  private static Scenario contextOfACycle() {
    Scenario it = new Scenario("context");
    AtomicReference<AsyncContext> first = new AtomicReference<>();
    return it.serves(
            "/dispatch",
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                ask(it, "dispatched", first.get());
                out.getWriter().write("dispatched");
                return;
              }
              AsyncContext context = in.startAsync();
              context.addListener(new Asking(it));
              first.set(context);
              context.dispatch();
            })
        .serves(
            "/complete",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(new Asking(it));
              out.getWriter().write("completed");
              context.complete();
            })
        .gets("/dispatch")
        .gets("/complete");
  }

  private static Scenario states() {
    Scenario it = new Scenario("states");
    return it.serves(
            (in, out) -> {
              it.note("before " + state(in));
              boolean again = in.getDispatcherType() == DispatcherType.ASYNC;
              AsyncContext context = in.startAsync();
              it.note("started " + state(in));
              it.note("same", () -> in.getAsyncContext() == context);
              it.note("timeout", context::getTimeout);
              context.setTimeout(7000);
              it.note("timeout", context::getTimeout);
              it.note("request", () -> context.getRequest() != null);
              it.note("originals", context::hasOriginalRequestAndResponse);
              if (again) {
                out.getWriter().write("done");
                context.complete();
              } else {
                context.dispatch();
              }
              it.note("ended " + in.isAsyncSupported() + " " + in.getDispatcherType());
            })
        .gets("");
  }

  private static Scenario misuse() {
    Scenario it = new Scenario("misuse");
    return it.serves(
            "/twice",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              it.note("second start", () -> in.startAsync() == null);
              context.complete();
            })
        .serves(
            "/dispatch-twice",
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                out.getWriter().write("dispatched");
                return;
              }
              AsyncContext context = in.startAsync();
              context.dispatch();
              it.note(
                  "second dispatch",
                  () -> {
                    context.dispatch();
                    return "done";
                  });
            })
        .serves("/never", (in, out) -> it.note("no cycle", in::getAsyncContext))
        .gets("/twice")
        .gets("/dispatch-twice")
        .gets("/never");
  }

  private static Scenario completeAfterDispatch() {
    Scenario it = new Scenario("complete-after-dispatch");
    return it.serves(
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                out.getWriter().write("dispatched");
                return;
              }
              AsyncContext context = in.startAsync();
              context.dispatch();
              it.note(
                  "complete",
                  () -> {
                    context.complete();
                    return "done";
                  });
            })
        .gets("");
  }

  private static Scenario notSupported() {
    Scenario it = new Scenario("not-supported");
    return it.deploys(
            app ->
                app.servlet(
                    "/not-supported",
                    new jakarta.servlet.http.HttpServlet() {
                      private static final long serialVersionUID = 1;

                      @Override
                      protected void doGet(
                          HttpServletRequest in, jakarta.servlet.http.HttpServletResponse out)
                          throws IOException {
                        it.note(in.isAsyncSupported());
                        it.note("start", in::startAsync);
                        it.note("start with both", () -> in.startAsync(in, out));
                        out.getWriter().write("synchronous");
                      }
                    },
                    false))
        .gets("");
  }

  private static Scenario dispatches() {
    Scenario it = new Scenario("dispatches");
    return it.serves(
            (in, out) -> {
              RequestScenarios.describe(it, in);
              it.note(RequestScenarios.own(in));
              it.note(state(in));
              int round = in.getAttribute("round") == null ? 0 : (int) in.getAttribute("round");
              in.setAttribute("round", round + 1);
              out.getWriter().write(round + " ");
              if (round < 3) {
                AsyncContext context = round % 2 == 0 ? in.startAsync() : in.startAsync(in, out);
                context.addListener(new Noting(it, "round " + round, false));
                if (round == 2) {
                  context.start(context::dispatch);
                } else {
                  context.dispatch();
                }
              }
            })
        .gets("?q=1")
        .gets("");
  }

  private static Scenario dispatchTo() {
    Scenario it = new Scenario("dispatch-to");
    return it.serves(
            (in, out) -> {
              out.setHeader("First", "x");
              out.getWriter().write("kept ");
              in.startAsync().dispatch("/dispatch-to/target?q=2");
            })
        .serves(
            "/context",
            (in, out) ->
                in.startAsync(in, out).dispatch(in.getServletContext(), "/dispatch-to/target"))
        .serves("/nowhere", (in, out) -> in.startAsync().dispatch("/dispatch-to/404"))
        .serves(
            "/target",
            (in, out) -> {
              DispatchScenarios.arrived(it, in);
              out.getWriter().write("target");
            })
        .gets("?q=1")
        .gets("/context")
        .gets("/nowhere");
  }

  private static Scenario listeners() {
    Scenario it = new Scenario("listeners");
    return it.serves(
            (in, out) -> {
              if (in.getAttribute("second") == null) {
                AsyncContext context = in.startAsync();
                context.addListener(new Noting(it, "one", true));
                context.addListener(new Noting(it, "two", false));
                context.addListener(new Noting(it, "three", true), in, out);
                it.note(
                    "created",
                    () -> context.createListener(DeafListener.class).getClass().getSimpleName());
                in.setAttribute("second", true);
                context.dispatch();
              } else {
                AsyncContext context = in.startAsync();
                context.addListener(new Noting(it, "four", false));
                out.getWriter().write("listened");
                context.complete();
              }
            })
        .serves(
            "/throwing",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(
                  new Supplied(
                      event -> {
                        it.note(
                            "supplied "
                                + (event.getSuppliedRequest() == null)
                                + (event.getSuppliedResponse() == null));
                        throw new IOException("of a listener");
                      }));
              context.addListener(new Noting(it, "next", false));
              context.addListener(
                  new Supplied(
                      event ->
                          it.note(
                              "supplied "
                                  + (event.getSuppliedRequest() == in)
                                  + (event.getSuppliedResponse() == out))),
                  in,
                  out);
              out.getWriter().write("thrown");
              context.complete();
            })
        .gets("")
        .gets("/throwing");
  }

  private interface Event {
    void on(AsyncEvent event) throws IOException;
  }

  /** Hears of the completion alone. */
  private static final class Supplied extends DeafListener {
    private final Event then;

    Supplied(Event then) {
      this.then = then;
    }

    @Override
    public void onComplete(AsyncEvent event) throws IOException {
      then.on(event);
    }
  }

  private static Scenario timeouts() {
    Scenario it = new Scenario("timeouts");
    return it.serves(
            "/unheard",
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.REQUEST) {
                in.startAsync().setTimeout(SHORT_MILLIS);
              }
            })
        .serves(
            "/noted",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.setTimeout(SHORT_MILLIS);
              context.addListener(new Noting(it, "listener", false));
            })
        .serves(
            "/answered",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.setTimeout(SHORT_MILLIS);
              context.addListener(
                  new OnTimeout(
                      event -> {
                        event.getAsyncContext().getResponse().getWriter().write("too late");
                        event.getAsyncContext().complete();
                      }));
              context.addListener(new Noting(it, "listener", false));
            })
        .serves(
            "/dispatched",
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                out.getWriter().write("dispatched by the timeout");
                return;
              }
              AsyncContext context = in.startAsync();
              context.setTimeout(SHORT_MILLIS);
              context.addListener(new OnTimeout(event -> event.getAsyncContext().dispatch()));
              context.addListener(new Noting(it, "listener", false));
            })
        .gets("/unheard")
        .gets("/noted")
        .gets("/answered")
        .gets("/dispatched");
  }

  private static final class OnTimeout extends DeafListener {
    private final Event then;

    OnTimeout(Event then) {
      this.then = then;
    }

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {
      then.on(event);
    }
  }

  private static Scenario failures() {
    Scenario it = new Scenario("failures");
    return it.serves(
            "/started",
            (in, out) -> {
              in.startAsync().addListener(new Noting(it, "listener", false));
              throw new IllegalStateException("after startAsync");
            })
        .serves(
            "/completed",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(new Noting(it, "listener", false));
              out.getWriter().write("completed");
              context.complete();
              throw new IllegalStateException("after complete");
            })
        .serves(
            "/dispatched",
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                throw new IllegalStateException("in the dispatch");
              }
              AsyncContext context = in.startAsync();
              context.addListener(new Noting(it, "listener", false));
              context.dispatch();
            })
        .gets("/started")
        .gets("/completed")
        .gets("/dispatched");
  }

  private static Scenario errors() {
    Scenario it = new Scenario("async-errors");
    return it.deploys(app -> app.errorPage(455, "/async-errors/page"))
        .serves(
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.start(
                  () -> {
                    it.noteElsewhere(
                        "error",
                        () -> {
                          out.sendError(Integer.parseInt(in.getParameter("status")), "elsewhere");
                          return out.isCommitted();
                        });
                    context.complete();
                  });
            })
        .serves(
            "/servlet",
            (in, out) -> {
              AsyncContext context = in.startAsync();
              out.sendError(Integer.parseInt(in.getParameter("status")), "here");
              context.complete();
            })
        .serves(
            "/page",
            (in, out) -> {
              RequestScenarios.describe(it, in);
              out.getWriter().write("the page");
            })
        .gets("?status=404")
        .gets("?status=455")
        .gets("/servlet?status=404")
        .gets("/servlet?status=455");
  }

  private static Scenario wrapped(String name, DispatchScenarios.Wrapping wrapping) {
    Scenario it = new Scenario(name);
    return it.serves(
            (in, out) -> {
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                DispatchScenarios.arrived(it, in);
                out.getWriter().write("dispatched");
                return;
              }
              DispatchScenarios.Wrapped both = wrapping.of(in, out);
              AsyncContext context = in.startAsync(both.request(), both.response());
              it.note("originals", context::hasOriginalRequestAndResponse);
              it.note("request", () -> context.getRequest() == both.request());
              it.note("response", () -> context.getResponse() == both.response());
              if (in.getParameter("to") == null) {
                context.dispatch();
              } else {
                context.dispatch(in.getParameter("to"));
              }
            })
        .gets("")
        .gets("?to=/" + name);
  }

  private static Scenario afterForward() {
    Scenario it = new Scenario("after-forward");
    return it.serves(
            (in, out) -> in.getRequestDispatcher("/after-forward/target?q=2").forward(in, out))
        .serves(
            "/target",
            (in, out) -> {
              DispatchScenarios.arrived(it, in);
              if (in.getDispatcherType() == DispatcherType.ASYNC) {
                out.getWriter().write("the target");
              } else if (in.getParameter("both") == null) {
                in.startAsync().dispatch();
              } else {
                in.startAsync(in, out).dispatch();
              }
            })
        .deploys(
            app ->
                app.filter(
                    "after-forward guard",
                    (in, out, chain) -> {
                      if (in.getDispatcherType() == DispatcherType.ASYNC) {
                        it.note("back at " + ((HttpServletRequest) in).getRequestURI());
                        out.getWriter().write("dispatched");
                      } else {
                        chain.doFilter(in, out);
                      }
                    },
                    java.util.Map.of(),
                    true,
                    java.util.EnumSet.allOf(DispatcherType.class),
                    "/after-forward"))
        .gets("?q=1")
        .gets("?both=1");
  }

  private static Scenario streaming() {
    Scenario it = new Scenario("streaming");
    return it.serves(
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.addListener(new Noting(it, "listener", false));
              context.start(
                  () -> {
                    it.noteElsewhere(
                        "stream",
                        () -> {
                          for (int i = 0; i < 50; i++) {
                            context
                                .getResponse()
                                .getOutputStream()
                                .write(("part " + i + "\n").getBytes(StandardCharsets.US_ASCII));
                            context.getResponse().flushBuffer();
                          }
                          return context.getResponse().isCommitted();
                        });
                    context.complete();
                  });
            })
        .gets("");
  }

  private static Scenario bodyElsewhere() {
    Scenario it = new Scenario("body-elsewhere");
    return it.serves(
            (in, out) -> {
              AsyncContext context = in.startAsync();
              context.start(
                  () -> {
                    it.noteElsewhere("body", () -> in.getInputStream().readAllBytes().length);
                    it.noteElsewhere("uri", in::getRequestURI);
                    it.noteElsewhere("session", () -> in.getSession(false));
                    it.noteElsewhere("print", () -> out.getWriter().append("read").checkError());
                    context.complete();
                  });
            })
        .posts("", "text/plain", "x".repeat(50_000));
  }

  private static Scenario keepAlive() {
    Scenario it = new Scenario("keep-alive");
    it.serves(
        (in, out) -> {
          AsyncContext context = in.startAsync();
          context.start(
              () -> {
                it.noteElsewhere(
                    "print", () -> out.getWriter().append(in.getParameter("n")).checkError());
                context.complete();
              });
        });
    for (int n = 0; n < 10; n++) {
      it.gets("?n=" + n);
    }
    return it;
  }
}
