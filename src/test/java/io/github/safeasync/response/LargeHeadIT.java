package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.Outcome;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A head that is too large for its container is found out when it is sent, which for a small
 * response is in complete(), of which nobody hears. Undertow has no limit.
 */
class LargeHeadIT {

  private static final String TOO_LARGE = "x".repeat(200_000);

  /** More than is looked at closely, and less than a container's limit. */
  private static final String LARGE = "x".repeat(5_000);

  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();

  private SafeAsyncResponse take(HttpServletRequest request, String header) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onEnd(ends::add);
    response.outcome().thenAccept(outcomes::add);
    return response.header("X-Large", header);
  }

  private TestServer start(Container container) throws Exception {
    return container.start(this::deploy);
  }

  private void deploy(TestApplication app) {
    app.filter(new SafeAsyncFilter())
        .handler("/whole", (in, out) -> take(in, TOO_LARGE).finish("body"))
        .handler("/large", (in, out) -> take(in, LARGE).finish("body"))
        .handler("/large/streamed", (in, out) -> stream(take(in, LARGE)))
        .handler("/streamed", (in, out) -> stream(take(in, TOO_LARGE)))
        .handler("/error", (in, out) -> take(in, TOO_LARGE).sendError(404))
        .handler("/moved", (in, out) -> take(in, TOO_LARGE).redirect("/there"))
        .handler("/large/error", (in, out) -> take(in, LARGE).sendError(404));
  }

  private static void stream(SafeAsyncResponse response) {
    response.write("body");
    response.flush();
    response.finish();
  }

  /** As a servlet of the raw API does that hears of it. */
  private static void flush(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext context = request.startAsync();
    response.setHeader("X-Large", TOO_LARGE);
    response.getOutputStream().print("body");
    try {
      response.flushBuffer();
    } catch (IOException | RuntimeException tooLarge) {
      // The container answers in its own way.
    }
    context.complete();
  }

  private static String raw(Container container) throws Exception {
    try (TestServer server = container.start(app -> app.handler("/raw", LargeHeadIT::flush))) {
      return answer(server, "/raw");
    }
  }

  private static String answer(TestServer server, String path) throws IOException {
    try (RawClient client = RawClient.connect(server).get(path)) {
      return "" + client.readResponse().status();
    } catch (IOException closed) {
      return "closed";
    }
  }

  @ParameterizedTest
  @EveryContainer
  void headTooLargeForTheContainer_endsFailed_G2(Container container) throws Exception {
    try (Logs expected = Logs.swallow();
        TestServer server = start(container)) {
      String raw = raw(container);
      for (String path : new String[] {"/whole", "/streamed", "/error", "/moved"}) {
        String answer = answer(server, path);
        if (container != Container.UNDERTOW) {
          assertThat(answer).as(path).isEqualTo(raw);
        }
        End end = ends.poll(10, TimeUnit.SECONDS);
        Outcome outcome = outcomes.poll(10, TimeUnit.SECONDS);
        assertThat(end).isNotNull();
        if (container == Container.UNDERTOW) {
          assertThat(end.kind()).as(path).isEqualTo(End.Kind.COMPLETED);
          assertThat(outcome).isEqualTo(Outcome.HANDED_OVER);
        } else {
          assertThat(end.kind()).as(path).isEqualTo(End.Kind.FAILED);
          assertThat(end.cause().orElseThrow().toString())
              .containsIgnoringCase("Header")
              .contains("Large");
          assertThat(outcome).isEqualTo(Outcome.UNKNOWN);
        }
      }
    }
  }

  /** Of more than 16 KiB Tomcat and Undertow make frames that no client takes. */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void largeHeadOverHttp2_goesOutAsEver_G13(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = container.start(transport, this::deploy);
        Http2Client client = Http2Client.connect(server)) {
      for (String path : new String[] {"/large", "/large/streamed", "/large"}) {
        Http2Exchange response = client.get(path);
        assertThat(response.awaitBody()).isEqualTo("body");
        assertThat(response.header("X-Large")).hasValue(LARGE);
        assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.HANDED_OVER);
      }
      logs.assertQuiet();
    }
  }

  /** Below the container's limit an error has its page. */
  @ParameterizedTest
  @EveryContainer
  void largeHeadThatTheContainerTakes_keepsItsErrorPage_G13(Container container) throws Exception {
    try (TestServer server = start(container);
        RawClient client = RawClient.connect(server)) {
      RawResponse response = client.get("/large/error").readResponse();
      assertThat(response.status()).isEqualTo(404);
      assertThat(response.body()).contains("<");
      assertThat(response.header("X-Large")).hasValue(LARGE);
      assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void largeHeadThatTheContainerTakes_goesOutAsEver_G13(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RawClient client = RawClient.connect(server)) {
      for (String path : new String[] {"/large", "/large/streamed", "/large"}) {
        RawResponse response = client.get(path).readResponse();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("body");
        assertThat(response.header("X-Large")).hasValue(LARGE);
        assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
        assertThat(outcomes.poll(10, TimeUnit.SECONDS)).isEqualTo(Outcome.HANDED_OVER);
      }
      logs.assertQuiet();
    }
  }
}
