package io.github.safeasync.servers;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.sse.SseGroup;
import io.github.safeasync.sse.SseMessage;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** What is deployed on a server; it tells afterwards what it has heard of a request by its name. */
public final class DeployedServlet extends HttpServlet {
  private static final long serialVersionUID = 1L;

  private static final int LATE_CALLS = 200;

  /** Another one after each deployment. */
  private final UUID id = UUID.randomUUID();

  private final transient Map<String, SafeAsyncResponse> pending = new ConcurrentHashMap<>();
  private final Map<String, String> heard = new ConcurrentHashMap<>();
  private final transient SseGroup group = SseGroup.replaying(100);

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String name = String.valueOf(request.getParameter("name"));
    switch (request.getPathInfo()) {
      case "/id" -> answer(response, id.toString());
      case "/echo" -> answer(response, name);
      case "/wait" -> await(name, request);
      case "/pour" -> pour(name, request);
      case "/listen" -> listen(name, request);
      case "/detection" -> answer(response, detection(name));
      case "/heard" -> answer(response, heard.getOrDefault(name, ""));
      case "/late" -> completeAndGoOn(name, request);
      case "/writing" -> writeWhateverIsThrown(name, request);
      case "/events" -> group.add(SseStream.open(request));
      case "/publish" -> {
        group.send(SseMessage.of("event " + name).id(name));
        answer(response, "published");
      }
      case "/clients" -> answer(response, String.valueOf(group.size()));
      default -> response.sendError(404);
    }
  }

  private static void answer(HttpServletResponse response, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    response.setContentType("text/plain");
    response.setContentLength(bytes.length);
    response.getOutputStream().write(bytes);
  }

  private void await(String name, HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    pending.put(name, response);
    response.onEnd(
        end -> {
          String when = end.departure().map(departure -> departure.noticedAt() + " ").orElse("");
          heard.put(name, when + end);
          pending.remove(name);
        });
  }

  /** Writes until the exchange has ended. */
  private void pour(String name, HttpServletRequest request) {
    await(name, request);
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    Thread worker =
        new Thread(
            () -> {
              while (response.isOpen()) {
                response.write("poured");
                response.flush();
                pause(1);
              }
            });
    worker.start();
  }

  private String detection(String name) {
    SafeAsyncResponse response = pending.get(name);
    return response == null ? "" : response.detection().toString();
  }

  /** As an application that knows nothing of the library. */
  private void listen(String name, HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(60_000);
    context.addListener(
        new HearingListener(what -> heard.merge(name, what, (before, now) -> before + " " + now)));
  }

  private void completeAndGoOn(String name, HttpServletRequest request) throws IOException {
    AsyncContext context = request.startAsync();
    HttpServletResponse response = (HttpServletResponse) context.getResponse();
    ServletOutputStream out = response.getOutputStream();
    Thread worker =
        new Thread(
            () -> {
              attempt(() -> answer(response, "in time"));
              attempt(context::complete);
              for (int i = 0; i < LATE_CALLS; i++) {
                late(context, response, out);
                pause(1);
              }
              heard.put(name, "done");
            });
    worker.start();
  }

  /** Does not look whether anybody is there, and writes for a second. */
  private void writeWhateverIsThrown(String name, HttpServletRequest request) throws IOException {
    AsyncContext context = request.startAsync();
    HttpServletResponse response = (HttpServletResponse) context.getResponse();
    ServletOutputStream out = response.getOutputStream();
    Thread worker =
        new Thread(
            () -> {
              for (int i = 0; i < LATE_CALLS; i++) {
                attempt(() -> out.print("LATE"));
                attempt(out::flush);
                pause(5);
              }
              late(context, response, out);
              heard.put(name, "done");
            });
    worker.start();
  }

  private static void late(
      AsyncContext context, HttpServletResponse response, ServletOutputStream out) {
    attempt(() -> response.setStatus(299));
    attempt(() -> response.setHeader("Late", "yes"));
    attempt(() -> out.print("LATE"));
    attempt(out::flush);
    attempt(() -> response.sendError(599));
    attempt(context::complete);
  }

  interface Call {
    void make() throws IOException;
  }

  /** What it throws is what applications swallow. */
  private static void attempt(Call call) {
    try {
      call.make();
    } catch (IOException | RuntimeException late) {
      // Goes on.
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
