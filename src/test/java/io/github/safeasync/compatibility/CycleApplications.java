package io.github.safeasync.compatibility;

import static io.github.safeasync.compatibility.Point.AT_TIMEOUT;
import static io.github.safeasync.compatibility.Point.IDLE;
import static io.github.safeasync.compatibility.Point.IDLE_AGAIN;
import static io.github.safeasync.compatibility.Point.IN_ASYNC_DISPATCH;
import static io.github.safeasync.compatibility.Point.IN_ERROR_PAGE;
import static io.github.safeasync.compatibility.Point.IN_FORWARD;
import static io.github.safeasync.compatibility.Point.IN_INCLUDE;
import static io.github.safeasync.compatibility.Point.IN_SERVLET;
import static io.github.safeasync.compatibility.Point.NONE;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/** What an application does with dispatches and asynchronous cycles. */
final class CycleApplications {

  /** The first of the statuses whose error pages are an application's own. */
  static final int PAGED = 455;

  private static final long TIMEOUT_MILLIS = 500;

  /** So often a write that nobody reads has failed. */
  private static final int ENOUGH = 200;

  private CycleApplications() {}

  static List<SmallApplication> all() {
    return List.of(
        idle("complete", AsyncContext::complete),
        idle(
            "send-error",
            context -> {
              ((HttpServletResponse) context.getResponse()).sendError(500);
              context.complete();
            }),
        idle(
            "redirect",
            context -> {
              ((HttpServletResponse) context.getResponse()).sendRedirect("/after");
              context.complete();
            }),
        idle(
            "no-answer-but-a-write",
            context -> {
              until(context.getResponse());
              context.complete();
            }),
        errors("complete-in-error", event -> event.getAsyncContext().complete()),
        errors("dispatch-in-error", event -> event.getAsyncContext().dispatch()),
        timeouts("timeout", event -> {}),
        timeouts("complete-at-timeout", event -> event.getAsyncContext().complete()),
        timeouts("dispatch-at-timeout", event -> event.getAsyncContext().dispatch()),
        timeouts(
            "error-at-timeout",
            event -> {
              ((HttpServletResponse) event.getAsyncContext().getResponse()).sendError(503);
              event.getAsyncContext().complete();
            }),
        SmallApplication.get(
            "dispatch", CycleApplications::dispatch, NONE, IDLE, IN_ASYNC_DISPATCH, IDLE_AGAIN),
        SmallApplication.get("forward", CycleApplications::forward, NONE, IN_FORWARD),
        SmallApplication.get("include", CycleApplications::include, NONE, IN_INCLUDE),
        SmallApplication.get("error-page", CycleApplications::errorPage, NONE, IN_ERROR_PAGE),
        SmallApplication.get(
            "error-page-of-dispatch", CycleApplications::refuse, NONE, IDLE, IN_ERROR_PAGE),
        SmallApplication.get("throws", CycleApplications::fail, NONE, IN_SERVLET),
        SmallApplication.get("is-started", CycleApplications::isStarted, NONE, IN_SERVLET),
        SmallApplication.get("task", CycleApplications::task, NONE, IDLE));
  }

  private interface Answer {
    void with(AsyncContext context) throws IOException;
  }

  private static void answer(Play play, ServletResponse out) {
    play.tell(
        "write",
        () -> {
          if (play.stays()) {
            out.getOutputStream().print("answered");
          } else {
            until(out);
          }
        });
  }

  /** Writes until that fails. */
  private static void until(ServletResponse out) throws IOException {
    ServletOutputStream body = out.getOutputStream();
    for (int i = 0; i < ENOUGH; i++) {
      body.print("part");
      body.flush();
    }
  }

  private static SmallApplication idle(String name, Answer answer) {
    return SmallApplication.get(
        name,
        (play, in, out) -> {
          AsyncContext context = play.start(in, play.listener());
          play.elsewhere(
              "worker",
              () -> {
                play.at(IDLE);
                play.tell(
                    "tell",
                    () -> {
                      answer.with(context);
                    });
              });
        },
        NONE,
        IDLE);
  }

  /** Writes until that fails, and leaves the rest to its listener. */
  private static SmallApplication errors(String name, Play.Reaction reaction) {
    return SmallApplication.get(
        name,
        (play, in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            return;
          }
          AsyncContext context = play.start(in, play.listener(reaction, event -> {}));
          play.elsewhere(
              "worker",
              () -> {
                play.at(IDLE);
                answer(play, out);
                play.tell("complete", context::complete);
              });
        },
        NONE,
        IDLE);
  }

  private static SmallApplication timeouts(String name, Play.Reaction reaction) {
    return SmallApplication.get(
        name,
        (play, in, out) -> {
          if (in.getDispatcherType() == DispatcherType.ASYNC) {
            answer(play, out);
            return;
          }
          AsyncListener listener =
              play.listener(
                  event -> {},
                  event -> {
                    play.at(AT_TIMEOUT);
                    reaction.on(event);
                  });
          play.start(in, listener).setTimeout(TIMEOUT_MILLIS);
          play.elsewhere("away", () -> play.pass(IDLE));
        },
        NONE,
        IDLE,
        AT_TIMEOUT);
  }

  private static void dispatch(Play play, HttpServletRequest in, HttpServletResponse out) {
    if (in.getDispatcherType() == DispatcherType.REQUEST) {
      AsyncContext first = play.start(in, play.listener());
      play.elsewhere(
          "first",
          () -> {
            play.at(IDLE);
            play.tell("dispatch", first::dispatch);
          });
      return;
    }
    play.at(IN_ASYNC_DISPATCH);
    AsyncContext[] again = new AsyncContext[1];
    play.tell(
        "again",
        () -> {
          again[0] = play.start(in, play.listener());
        });
    if (again[0] != null) {
      play.elsewhere(
          "second",
          () -> {
            play.at(IDLE_AGAIN);
            answer(play, out);
            play.tell("complete", again[0]::complete);
          });
    }
  }

  private static void forward(Play play, HttpServletRequest in, HttpServletResponse out)
      throws Exception {
    if (in.getDispatcherType() == DispatcherType.FORWARD) {
      play.at(IN_FORWARD);
      answer(play, out);
    } else {
      in.getRequestDispatcher(in.getServletPath() + in.getPathInfo()).forward(in, out);
    }
  }

  private static void include(Play play, HttpServletRequest in, HttpServletResponse out)
      throws Exception {
    if (in.getDispatcherType() == DispatcherType.INCLUDE) {
      play.at(IN_INCLUDE);
      answer(play, out);
    } else {
      in.getRequestDispatcher(in.getServletPath() + in.getPathInfo()).include(in, out);
    }
  }

  private static int paged(Play play) {
    return PAGED + play.site().ordinal();
  }

  private static void errorPage(Play play, HttpServletRequest in, HttpServletResponse out)
      throws Exception {
    if (in.getDispatcherType() == DispatcherType.ERROR) {
      page(play, in, out);
    } else {
      out.sendError(paged(play), "refused");
    }
  }

  private static void page(Play play, HttpServletRequest in, HttpServletResponse out) {
    play.note("status", () -> in.getAttribute("jakarta.servlet.error.status_code"));
    play.note("message", () -> in.getAttribute("jakarta.servlet.error.message"));
    play.note("header", () -> in.getHeader("X-Given"));
    play.note("attribute", () -> in.getAttribute("mine"));
    play.at(IN_ERROR_PAGE);
    answer(play, out);
  }

  /** What an interceptor does on an asynchronous dispatch. */
  private static void refuse(Play play, HttpServletRequest in, HttpServletResponse out)
      throws Exception {
    switch (in.getDispatcherType()) {
      case ERROR -> page(play, in, out);
      case ASYNC -> out.sendError(paged(play), "refused");
      default -> {
        in.setAttribute("mine", "kept");
        AsyncContext context = play.start(in, play.listener());
        context.addListener(new Cleaning());
        play.elsewhere(
            "worker",
            () -> {
              play.at(IDLE);
              play.tell("dispatch", context::dispatch);
            });
      }
    }
  }

  /**
   * Takes the application's attribute away when the cycle is over. Not by its context: after a
   * dispatch Tomcat's may refuse already, or not yet.
   */
  private static final class Cleaning extends io.github.safeasync.testkit.DeafListener {
    @Override
    public void onComplete(AsyncEvent event) {
      event.getSuppliedRequest().removeAttribute("mine");
    }
  }

  private static void fail(Play play, HttpServletRequest in, HttpServletResponse out) {
    play.start(in, play.listener());
    play.at(IN_SERVLET);
    throw new IllegalStateException("of the servlet");
  }

  private static void isStarted(Play play, HttpServletRequest in, HttpServletResponse out) {
    AsyncContext context = play.start(in, play.listener());
    play.at(IN_SERVLET);
    play.note("isAsyncStarted", in::isAsyncStarted);
    play.note("getAsyncContext", () -> in.getAsyncContext() == context);
    play.elsewhere(
        "worker",
        () -> {
          answer(play, out);
          play.tell("complete", context::complete);
        });
  }

  private static void task(Play play, HttpServletRequest in, HttpServletResponse out) {
    AsyncContext context = play.start(in, play.listener());
    play.elsewhere(
        "worker",
        () -> {
          play.at(IDLE);
          Runnable task =
              play.counted(
                  "task",
                  () -> {
                    answer(play, out);
                    play.tell("complete", context::complete);
                  });
          play.tell(
              "start",
              () -> {
                context.start(task);
              });
        });
  }
}
