package io.github.safeasync.demo;

import io.github.safeasync.SafeAsyncResponse;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A stub of a language model's API, and of its bill: {@code POST /model/v1/chat/completions}
 * streams a completion to the client that named it in {@code X-Request-Id}, and {@code GET
 * /model/generated?id=...} says how many tokens it has cost so far. A client that hangs up ends it.
 */
public final class ModelServlet extends HttpServlet {

  /** How many tokens a completion has. */
  public static final int LENGTH = 200;

  private static final long serialVersionUID = 1L;
  private static final int PACE_MILLIS = 25;

  /** How long a completion takes. */
  static final Duration TIME = Duration.ofMillis((long) LENGTH * PACE_MILLIS);

  private static final int REMEMBERED = 1000;
  private static final String[] WORDS =
      "The client hangs up and nobody reads on but the model goes on and is paid for".split(" ");

  private final transient Map<String, Completion> completions =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Completion> eldest) {
              return size() > REMEMBERED;
            }
          });

  private transient @Nullable ScheduledExecutorService model;

  @Override
  public void init() {
    model =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "model");
              thread.setDaemon(true);
              return thread;
            });
  }

  @Override
  public void destroy() {
    if (model != null) {
      model.shutdownNow();
    }
  }

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String id = request.getHeader("X-Request-Id");
    if (id == null || !"/v1/chat/completions".equals(request.getPathInfo())) {
      response.sendError(404, "POST to /model/v1/chat/completions, with a header X-Request-Id");
      return;
    }
    if (model == null) {
      throw new IllegalStateException("The servlet has not been initialised");
    }
    Row row = Board.of(getServletContext()).find(id).orElse(null);
    Completion completion = new Completion(SafeAsyncResponse.of(request), row);
    completions.put(id, completion);
    completion.start(model);
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Completion asked = completions.get(String.valueOf(request.getParameter("id")));
    if (asked == null || !"/generated".equals(request.getPathInfo())) {
      response.sendError(404, "GET /model/generated?id=, of a completion that has begun");
      return;
    }
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    response.getWriter().write(asked.toString());
  }

  /** One answer of the model, a token at a time. */
  private static final class Completion {

    private final AtomicInteger tokens = new AtomicInteger();
    private final SafeAsyncResponse response;
    private final @Nullable Row row;
    private volatile @Nullable Future<?> generating;

    /** The row is of the request for which the model is asked. */
    Completion(SafeAsyncResponse response, @Nullable Row row) {
      this.response = response;
      this.row = row;
    }

    void start(ScheduledExecutorService model) {
      response.contentType("text/event-stream;charset=utf-8");
      response.onEnd(end -> stop());
      generating = model.scheduleAtFixedRate(this::generate, 0, PACE_MILLIS, TimeUnit.MILLISECONDS);
      if (!response.isOpen()) {
        stop();
      }
    }

    private void generate() {
      if (!response.isOpen()) {
        return;
      }
      int number = tokens.getAndIncrement();
      response.write(
          "data: {\"choices\":[{\"delta\":{\"content\":\""
              + WORDS[number % WORDS.length]
              + " \"}}]}\n\n");
      response.flush();
      if (number + 1 == LENGTH) {
        response.finish("data: [DONE]\n\n");
      }
    }

    private void stop() {
      Future<?> running = generating;
      if (running != null) {
        running.cancel(false);
      }
      if (row == null) {
        return;
      }
      if (tokens.get() < LENGTH) {
        row.stopped("the model was told to stop after " + tokens + " of " + LENGTH + " tokens");
      } else {
        row.say("the model generated " + LENGTH + " of " + LENGTH + " tokens");
      }
    }

    @Override
    public String toString() {
      return "{\"tokens\":" + tokens + ",\"running\":" + response.isOpen() + "}";
    }
  }
}
