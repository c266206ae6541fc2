package io.github.safeasync.demo;

import io.github.safeasync.SafeAsyncResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** {@code GET /storm/with?client=N}: works for a client of the storm as long as that is there. */
public final class StormServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Board board = Board.of(getServletContext());
    Storm storm = board.storm();
    Integer number = storm == null ? null : storm.with().number(request.getParameter("client"));
    if (storm == null || number == null) {
      response.sendError(404, "No storm awaits this client");
      return;
    }
    Lane lane = storm.with();
    SafeAsyncResponse client = SafeAsyncResponse.of(request);
    client.onEnd(end -> lane.ended(number, end));
    lane.arrived(number);
    Future<?> job =
        storm
            .jobs()
            .schedule(
                client.guard(
                    () -> {
                      lane.done(number);
                      client.finish("ok!\n");
                    }),
                storm.work().toMillis(),
                TimeUnit.MILLISECONDS);
    client.cancelOnDisconnect(
        () -> {
          if (job.cancel(false)) {
            lane.stopped(number);
          }
        });
  }
}
