package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.HttpStatusException;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;

/** Errors with messages of what somebody else has chosen. */
class HostileMessagesIT {

  private static final String HTML = "<script>alert('x')</script>\"&<img src=x onerror=y>";
  private static final List<String> MESSAGES =
      List.of(
          HTML,
          HTML + "\r\nX-Injected: 1\r\n\r\n",
          "\u010d\u010a\u0000\u001b[31m\u202e" + HTML + "\ud83d",
          HTML.repeat(20_000));

  private static String message(HttpServletRequest request) {
    return MESSAGES.get(Integer.parseInt(request.getQueryString()));
  }

  private static void send(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.sendError(400, message(request));
  }

  private static TestServer start(Container container) throws Exception {
    return container.start(
        app ->
            app.filter(new SafeAsyncFilter(), "/safe", "/thrown", "/same")
                .handler("/safe", (in, out) -> SafeAsyncResponse.of(in).sendError(400, message(in)))
                .handler(
                    "/thrown",
                    (in, out) -> {
                      Runnable thrower =
                          () -> {
                            throw new HttpStatusException(400, message(in));
                          };
                      SafeAsyncResponse.of(in).guard(thrower).run();
                    })
                .handler("/same", HostileMessagesIT::send)
                .handler("/raw", HostileMessagesIT::send));
  }

  private static RawResponse answer(TestServer server, String path, int message)
      throws IOException {
    try (RawClient client = RawClient.connect(server).get(path + "?" + message)) {
      return client.readResponse();
    }
  }

  /** The container's own page for the path that was asked for. */
  private static String page(RawResponse response, String path) {
    return response.body().replace(path, "/");
  }

  @ParameterizedTest
  @EveryContainer
  void message_isEscapedAsTheContainerDoes_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      for (int i = 0; i < MESSAGES.size(); i++) {
        RawResponse raw = answer(server, "/raw", i);
        for (String path : List.of("/safe", "/thrown", "/same")) {
          RawResponse response = answer(server, path, i);
          assertThat(response.status()).as(path).isEqualTo(400);
          assertThat(response.isComplete()).isTrue();
          assertThat(response.headers().keySet()).isEqualTo(raw.headers().keySet());
          String page = page(response, path);
          assertThat(page.contains("<script") || page.contains("<img")).as(path).isFalse();
          assertThat(page.equals(page(raw, "/raw"))).as("%s, message %d", path, i).isTrue();
        }
      }
      assertThat(logs.ofLibrary())
          .map(LogRecord::getMessage)
          .as("lines of the log")
          .allMatch(line -> line.length() < 2_000);
      assertThat(logs.throwables(Level.WARNING)).isEmpty();
    }
  }
}
