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
import java.math.BigDecimal;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** {@code GET /?delay=SECONDS[&error=yes]}: a long-running request that its client may leave. */
public final class LongRunnerServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = System.getLogger(LongRunnerServlet.class.getName());
  private static final BigDecimal LONGEST = BigDecimal.valueOf(3600);

  private transient @Nullable ScheduledExecutorService scheduler;
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
  }

  @Override
  public void destroy() {
    if (scheduler != null) {
      scheduler.shutdownNow();
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
    if (request.getQueryString() == null) {
      request.getRequestDispatcher("/index.html").forward(request, response);
      return;
    }
    Duration delay = delayOf(request.getParameter("delay"));
    if (delay == null) {
      response.sendError(
          HttpServletResponse.SC_BAD_REQUEST,
          "delay must be a number of seconds from 0 to " + LONGEST + ", such as /?delay=3");
      return;
    }
    start(SafeAsyncResponse.of(request), delay, "yes".equals(request.getParameter("error")));
  }

  private void start(SafeAsyncResponse response, Duration delay, boolean error) {
    response.onEnd(end -> LOGGER.log(Level.INFO, "the exchange ended: {0}", end));
    if (scheduler == null) {
      throw new IllegalStateException("The servlet has not been initialised");
    }
    new LongRunner(scheduler)
        .run(
            delay,
            error,
            response.guard(
                () -> {
                  response.write("ok!\n");
                  response.finish();
                }),
            response.guard(
                (Runnable)
                    () -> {
                      throw new HttpStatusException(400, "You asked for an error");
                    }));
  }

  private static @Nullable Duration delayOf(@Nullable String seconds) {
    if (seconds == null) {
      return Duration.ZERO;
    }
    try {
      BigDecimal delay = new BigDecimal(seconds);
      boolean allowed = delay.signum() >= 0 && delay.compareTo(LONGEST) <= 0;
      return allowed ? Duration.ofMillis(delay.movePointRight(3).longValue()) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
