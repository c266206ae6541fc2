package io.github.safeasync.demo;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.sse.SseMessage;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /ticks[?seconds=10]} counts, a line at a time; with {@code format=events} it sends
 * each number as an event. Both stop when their client leaves.
 */
public final class TicksServlet extends HttpServlet {

  private static final long serialVersionUID = 1L;
  private static final Duration PACE = Duration.ofMillis(250);

  private transient @Nullable ScheduledExecutorService clock;

  /** Where the numbers go. */
  private interface Output {

    void send(int number);

    void end();
  }

  private record Lines(SafeAsyncResponse response) implements Output {

    @Override
    public void send(int number) {
      response.write(number + "\n");
      response.flush();
    }

    @Override
    public void end() {
      response.finish();
    }
  }

  private record Events(SseStream stream) implements Output {

    @Override
    public void send(int number) {
      stream.send(SseMessage.of("event " + number).id(Integer.toString(number)));
    }

    @Override
    public void end() {
      stream.close();
    }
  }

  @Override
  public void init() {
    clock = Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("ticks"));
  }

  @Override
  public void destroy() {
    if (clock != null) {
      clock.shutdownNow();
    }
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Duration length = Seconds.of(request.getParameter("seconds"), 1, 600, 10);
    if (length == null || clock == null) {
      response.sendError(400, "seconds must be a number from 1 to 600, such as /ticks?seconds=10");
      return;
    }
    boolean events = "events".equals(request.getParameter("format"));
    Board board = Board.of(getServletContext());
    Row row = board.open(request, events ? "events" : "count", length);
    SafeAsyncResponse client = SafeAsyncResponse.of(request);
    client.onEnd(row::ended);
    Output output;
    if (events) {
      output = new Events(SseStream.open(request));
    } else {
      client.contentType("text/plain;charset=utf-8");
      output = new Lines(client);
    }
    count(client, row, output, (int) length.dividedBy(PACE));
  }

  private void count(SafeAsyncResponse client, Row row, Output output, int last) {
    AtomicInteger number = new AtomicInteger();
    Future<?> ticks =
        clock.scheduleAtFixedRate(
            () -> {
              if (client.isOpen()) {
                output.send(number.incrementAndGet());
                if (number.get() >= last) {
                  output.end();
                }
              }
            },
            0,
            PACE.toMillis(),
            TimeUnit.MILLISECONDS);
    client.onEnd(end -> ticks.cancel(false));
    client.cancelOnDisconnect(
        () -> row.stopped("the timer was cancelled after " + number + " of " + last));
  }
}
