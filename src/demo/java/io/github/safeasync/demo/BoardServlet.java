package io.github.safeasync.demo;

import io.github.safeasync.sse.SseStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /board} streams to a page what the server knows, as it happens; {@code POST
 * /board/storm[?seconds=10]} begins a storm.
 */
public final class BoardServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;

  private transient @Nullable Board board;
  private transient @Nullable ScheduledExecutorService work;

  @Override
  public void init() {
    Board opened = Board.of(getServletContext());
    opened.start();
    board = opened;
    work = Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("storm-work"));
  }

  @Override
  public void destroy() {
    if (board != null && work != null) {
      Storm storm = board.storm();
      if (storm != null) {
        storm.stop();
      }
      work.shutdownNow();
      board.stop();
    }
  }

  private Board board() {
    if (board == null) {
      throw new IllegalStateException("The servlet has not been initialised");
    }
    return board;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (request.getPathInfo() != null) {
      response.sendError(404, "GET /board, or POST /board/storm");
      return;
    }
    board().show(SseStream.open(request), getServletContext().getServerInfo());
  }

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (!"/storm".equals(request.getPathInfo()) || work == null) {
      response.sendError(404, "GET /board, or POST /board/storm");
      return;
    }
    Duration each = Seconds.of(request.getParameter("seconds"), 1, 60, 10);
    if (each == null) {
      response.sendError(
          400, "seconds must be a number from 1 to 60, such as /board/storm?seconds=10");
      return;
    }
    if (request.isSecure()) {
      response.sendError(
          501, "The storm's clients speak plain HTTP to the port they were asked on");
      return;
    }
    Storm storm = new Storm(board(), work, StormAddress.of(request), each);
    if (!board().begin(storm)) {
      response.sendError(409, "A storm is on its way");
      return;
    }
    storm.start();
    response.setStatus(202);
  }
}
