package io.github.safeasync.chaos;

import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.Twins;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;

/** Applications that know the Servlet API alone, and clean up on their last line. */
final class ServletApplications {

  static final String TARGET = "/TARGET/";
  static final String FILE = "storm.txt";
  static final int ERROR = 418;

  private static final int FLUSHED_LINES = 4;

  /**
   * Some are over before the servlet has returned. Jetty 12.1.14 forgets one that is over before
   * its thread has noted the timer's task (AsyncContextEvent.run): the raw container for ever,
   * behind the filter for a second or two.
   */
  private static final int LONGEST_MILLIS = 50;

  private ServletApplications() {}

  static void write(Plan plan, OutputStream out) throws IOException {
    for (int i = 0; i < plan.lines(); i++) {
      out.write(Lines.line(plan, i));
      if (i % FLUSHED_LINES == 0 && i < FLUSHED_LINES * FLUSHED_LINES) {
        out.flush();
      }
    }
    out.write(Lines.last(plan));
  }

  private interface Service {
    void serve() throws ServletException, IOException;
  }

  private static void whole(Entry entry, Service service) throws ServletException, IOException {
    try {
      if (entry.plan().behaviour() == Behaviour.THROWS) {
        throw new Deliberate();
      }
      service.serve();
    } catch (IOException gone) {
      entry.note("told: " + gone);
    } finally {
      entry.cleanedUp();
      entry.ended("SYNCHRONOUS");
    }
  }

  static void sync(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    whole(entry, () -> write(entry.plan(), response.getOutputStream()));
  }

  static void forward(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    whole(entry, () -> target(entry, request).forward(request, response));
  }

  static void include(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    whole(entry, () -> target(entry, request).include(request, response));
  }

  static void file(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    whole(entry, () -> request.getRequestDispatcher("/" + FILE).forward(request, response));
  }

  private static RequestDispatcher target(Entry entry, HttpServletRequest request) {
    return request.getRequestDispatcher(targetOf(entry.plan()));
  }

  private static String targetOf(Plan plan) {
    return plan.zone().path() + TARGET + plan.number();
  }

  static void sendError(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    whole(entry, () -> response.sendError(ERROR));
  }

  static void async(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = start(entry, request);
    OutputStream out = response.getOutputStream();
    entry.later(
        () -> {
          answer(entry, context, response, out);
          entry.cleanedUp();
          lateCalls(entry, context, response, out);
        });
  }

  private static void answer(
      Entry entry, AsyncContext context, HttpServletResponse response, OutputStream out) {
    try {
      if (entry.plan().behaviour() == Behaviour.THROWS) {
        response.sendError(ERROR);
      } else {
        write(entry.plan(), out);
      }
    } catch (IOException gone) {
      entry.note("told: " + gone);
    }
    context.complete();
    if (entry.plan().behaviour() == Behaviour.TWICE) {
      context.complete();
    }
  }

  private static void lateCalls(
      Entry entry, AsyncContext context, HttpServletResponse response, OutputStream out) {
    if (entry.plan().behaviour() != Behaviour.LATE) {
      return;
    }
    Work work = entry.work();
    int late = Late.millis(entry.plan());
    work.later(entry, late, () -> write(entry.plan(), out));
    work.later(entry, late, out::flush);
    work.later(entry, late, () -> response.setStatus(ERROR));
    work.later(entry, late, () -> response.setHeader("X-Late", "late"));
    work.later(entry, late, response::flushBuffer);
    work.later(entry, late + 1, out::close);
    work.later(entry, late + 1, context::complete);
  }

  static void dispatch(Entry entry, HttpServletRequest request, HttpServletResponse response) {
    AsyncContext context = start(entry, request);
    entry.later(
        () -> {
          try {
            context.dispatch(targetOf(entry.plan()));
          } catch (IllegalStateException | UnsupportedOperationException over) {
            entry.note("told: " + over);
            Twins.complete(context);
          }
          entry.cleanedUp();
        });
  }

  private static AsyncContext start(Entry entry, HttpServletRequest request) {
    Plan plan = entry.plan();
    AsyncContext context = request.startAsync();
    context.setTimeout(
        plan.zone() == Zone.HASTY
            ? 1 + plan.clientMillis() % LONGEST_MILLIS
            : Late.PATIENCE_MILLIS);
    context.addListener(new Told(entry));
    return context;
  }

  /** Hears of the end. */
  static final class Told extends DeafListener {

    private final Entry entry;

    Told(Entry entry) {
      this.entry = entry;
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      entry.note("onTimeout");
      event.getAsyncContext().complete();
    }

    @Override
    public void onError(AsyncEvent event) {
      entry.note("onError " + event.getThrowable());
      if (entry.plan().behaviour() == Behaviour.FROM_LISTENERS) {
        event.getAsyncContext().complete();
      }
    }

    @Override
    public void onComplete(AsyncEvent event) {
      if (entry.plan().behaviour() == Behaviour.SILENT) {
        entry.cleanedUp();
      }
      entry.ended("ASYNCHRONOUS");
      Late.block(entry);
      if (entry.plan().behaviour() == Behaviour.FROM_LISTENERS) {
        Work.attempt(
            entry,
            () -> event.getSuppliedResponse().getOutputStream().write(Lines.last(entry.plan())));
      }
    }
  }
}
