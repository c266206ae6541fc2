package io.github.safeasync.demo;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code GET /storm/without?client=N}: the same without the library, as the Servlet API has it. It
 * would stop its work, too, if it were told.
 */
public final class PlainStormServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = System.getLogger(PlainStormServlet.class.getName());

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Storm storm = Board.of(getServletContext()).storm();
    Integer number = storm == null ? null : storm.without().number(request.getParameter("client"));
    if (storm == null || number == null) {
      response.sendError(404, "No storm awaits this client");
      return;
    }
    Lane lane = storm.without();
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    lane.arrived(number);
    Future<?> job =
        storm
            .jobs()
            .schedule(
                () -> {
                  lane.done(number);
                  answer(context);
                },
                storm.work().toMillis(),
                TimeUnit.MILLISECONDS);
    context.addListener(
        new StopsOnError(
            () -> {
              if (job.cancel(false)) {
                lane.stopped(number);
              }
            }));
  }

  private static void answer(AsyncContext context) {
    try {
      context.getResponse().getWriter().write("ok!\n");
      context.complete();
    } catch (IOException | IllegalStateException e) {
      LOGGER.log(Level.DEBUG, "Nobody is there to be answered", e);
    }
  }

  /** What a careful application does without the library. */
  static final class StopsOnError implements AsyncListener {

    private final Runnable stop;

    /** For servers that make one of each listener's class at the deployment, such as WildFly. */
    public StopsOnError() {
      this(() -> {});
    }

    StopsOnError(Runnable stop) {
      this.stop = stop;
    }

    @Override
    public void onError(AsyncEvent event) {
      stop.run();
    }

    @Override
    public void onComplete(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }
}
