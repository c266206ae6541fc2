package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;

/** Headers of what somebody else has chosen. */
class HostileHeadersIT {

  private static final String INJECTED = "X-Injected: 1";

  /** Beyond this the head is not in Undertow's buffer, and written another way. */
  private static final String LONG = "y".repeat(20_000);

  /** What no header may hold; the lower octets of U+010D and U+010A are those of CR and LF. */
  private static final List<String> TEXTS =
      List.of(
          "a\r\n" + INJECTED,
          "a\n" + INJECTED,
          "a\r" + INJECTED,
          "a\u010d\u010a" + INJECTED,
          "a\u010a" + INJECTED,
          "a\u0000b",
          "a\u000bb",
          "a\u001bb",
          "a\u007fb",
          "a\u2028b",
          "a\u20acb",
          "a\ud83d\ude00b",
          "a\ud83db");

  private static final String ALLOWED = "gr\u00fcn\tund  \u00ff \"~";

  private final BlockingQueue<List<String>> taken = new LinkedBlockingQueue<>();

  private static Map<String, Consumer<SafeAsyncResponse>> calls(String text) {
    Map<String, Consumer<SafeAsyncResponse>> calls = new LinkedHashMap<>();
    calls.put("header", response -> response.header("X-Text", text));
    calls.put("header, long", response -> response.header("X-Text", LONG + text));
    calls.put("addHeader", response -> response.addHeader("X-Text", text));
    calls.put("header's name", response -> response.header(text, "x"));
    calls.put("addHeader's name", response -> response.addHeader(text, "x"));
    calls.put("trailer", response -> response.trailer("X-Text", text));
    calls.put("trailer's name", response -> response.trailer(text, "x"));
    calls.put("contentType", response -> response.contentType("text/plain;a=" + text));
    calls.put("Content-Type", response -> response.header("Content-Type", "text/plain;a=" + text));
    calls.put("redirect", response -> response.redirect("/" + text));
    calls.put("cookie", response -> response.cookie(new Cookie("A", text)));
    calls.put("cookie's name", response -> response.cookie(new Cookie(text, "x")));
    for (String attribute : List.of("Path", "Domain", "SameSite", "X")) {
      calls.put(
          "cookie's " + attribute,
          response -> {
            Cookie cookie = new Cookie("A", "b");
            cookie.setAttribute(attribute, text);
            response.cookie(cookie);
          });
    }
    return calls;
  }

  /** Calls all of them, and answers with a header that is allowed. */
  private void answer(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    List<String> accepted = new ArrayList<>();
    for (String text : TEXTS) {
      calls(text)
          .forEach(
              (name, call) -> {
                try {
                  call.accept(response);
                  accepted.add(name + " " + TEXTS.indexOf(text));
                } catch (IllegalArgumentException refused) {
                  // As it should be.
                }
              });
    }
    taken.add(accepted);
    response.header("X-Text", ALLOWED).finish("body");
  }

  private static void setHeader(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    int asked = Integer.parseInt(request.getQueryString());
    response.setHeader("X-Text", asked < TEXTS.size() ? TEXTS.get(asked) : ALLOWED);
    response.getOutputStream().print("body");
  }

  private TestServer start(Container container, Transport transport) throws Exception {
    return container.start(
        transport,
        app ->
            app.filter(new SafeAsyncFilter(), "/safe", "/guarded")
                .handler("/safe", (in, out) -> answer(in))
                .handler("/guarded", HostileHeadersIT::setHeader)
                .handler("/raw", HostileHeadersIT::setHeader));
  }

  /** Returns all that came, octet by octet, but for the date. */
  private static String wire(TestServer server, String path) throws IOException {
    try (RawClient client = RawClient.connect(server)) {
      client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      return client.readUntilClose().replaceAll("Date: [^\r]*", "Date");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void whatNoHeaderMayHold_isRefusedByEachCall(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container, Transport.PLAIN)) {
      String answer = wire(server, "/safe");
      assertThat(taken.poll(10, TimeUnit.SECONDS)).isEmpty();
      assertThat(answer).startsWith("HTTP/1.1 200").endsWith("\r\n\r\nbody");
      assertThat(answer).contains("X-Text: " + ALLOWED + "\r\n").doesNotContain("X-Injected", "A=");
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void whatNoHeaderMayHold_isRefusedOnHttp2AsWell(Container container) throws Exception {
    try (TestServer server = start(container, Transport.H2C);
        Http2Client client = Http2Client.connect(server)) {
      assertThat(client.get("/safe").awaitStatus()).isEqualTo(200);
      assertThat(taken.poll(10, TimeUnit.SECONDS)).isEmpty();
    }
  }

  /** What an unchanged application sets is the container's affair: it sends the same. */
  @ParameterizedTest
  @EveryContainer
  void unchangedApplication_sendsWhatTheContainerMakesOfIt_G13(Container container)
      throws Exception {
    try (Logs unheard = Logs.swallow();
        TestServer server = start(container, Transport.PLAIN)) {
      for (int i = 0; i <= TEXTS.size(); i++) {
        assertThat(wire(server, "/guarded?" + i))
            .as("text %d", i)
            .isEqualTo(wire(server, "/raw?" + i));
      }
    }
  }
}
