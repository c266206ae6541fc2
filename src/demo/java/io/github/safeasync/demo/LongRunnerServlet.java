package io.github.safeasync.demo;

import io.github.safeasync.HttpStatusException;
import io.github.safeasync.SafeAsyncResponse;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /?delay=SECONDS[&error=yes]}: a long-running request that its client may leave. The
 * same at {@code /run}, as some servers give the root to the welcome file, whatever is asked.
 */
public final class LongRunnerServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = System.getLogger(LongRunnerServlet.class.getName());
  private static final int LONGEST = 3600;

  private transient @Nullable ScheduledExecutorService scheduler;
  private transient @Nullable LongRunner application;
  private transient volatile @Nullable Thread runner;

  @Override
  public void init() {
    scheduler =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "long-runner");
              thread.setDaemon(true);
              runner = thread;
              return thread;
            });
    application = new LongRunner(scheduler);
  }

  @Override
  public void destroy() {
    if (scheduler != null && application != null) {
      scheduler.shutdownNow();
      application.stop();
    }
    Thread ending = runner;
    if (ending != null) {
      try {
        ending.join(5_000); // Tomcat warns of threads that outlive the application.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    // At the context's root WildFly says "/", where the specification has nothing.
    if (!request.getServletPath().equals("/run") && request.getQueryString() == null) {
      request.getRequestDispatcher("/index.html").forward(request, response);
      return;
    }
    Duration delay = Seconds.of(request.getParameter("delay"), 0, LONGEST, 0);
    if (delay == null) {
      response.sendError(
          HttpServletResponse.SC_BAD_REQUEST,
          "delay must be a number of seconds from 0 to " + LONGEST + ", such as /?delay=3");
      return;
    }
    boolean error = "yes".equals(request.getParameter("error"));
    Board board = Board.of(getServletContext());
    Row row = board.open(request, error ? "error" : "delay", delay);
    start(SafeAsyncResponse.of(request), row, delay, error);
  }

  private void start(SafeAsyncResponse response, Row row, Duration delay, boolean error) {
    response.onEnd(end -> LOGGER.log(Level.INFO, "{0} the exchange ended: {1}", row.name(), end));
    response.onEnd(row::ended);
    response.onDisconnect(gone -> row.say("it works on, and will call back to nobody"));
    if (application == null) {
      throw new IllegalStateException("The servlet has not been initialised");
    }
    Runnable success =
        () -> {
          response.write("ok!\n");
          response.finish();
        };
    Runnable failure =
        () -> {
          throw new HttpStatusException(400, "You asked for an error");
        };
    application.run(
        row.name(),
        delay,
        error,
        noted(row, response.guard(success)),
        noted(row, response.guard(failure)));
  }

  /** The callback comes late where the client has left, and is as harmless as any. */
  private static Runnable noted(Row row, Runnable callback) {
    return () -> {
      boolean late = row.hasEnded();
      callback.run();
      row.say(
          late
              ? "it called back " + row.ageMillis() + " ms after its begin, to nobody: no harm"
              : "it called back in time");
    };
  }
}
