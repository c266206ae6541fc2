package io.github.safeasync.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/** What is easily done wrong, and what whoever did it is told. */
class MisuseIT {

  private final BlockingQueue<SafeAsyncResponse> taken = new LinkedBlockingQueue<>();

  private static TestServer start(Container container, Handler handler) throws Exception {
    return container.start(it -> it.filter(new SafeAsyncFilter()).handler("/misuse", handler));
  }

  private SafeAsyncResponse take(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    taken.add(response);
    return response;
  }

  private End end() throws Exception {
    SafeAsyncResponse response = taken.poll(10, TimeUnit.SECONDS);
    assertThat(response).isNotNull();
    return response.end().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @EveryContainer
  void writerUsedBefore_finishSendsWhatItWrote(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            start(
                container,
                (request, response) -> {
                  response.setContentType("text/plain;charset=utf-8");
                  response.getWriter().print("by the writer, ä");
                  take(request).header("X-Ours", "yes").finish();
                });
        RawClient client = RawClient.connect(server)) {
      RawResponse answer = client.get("/misuse").readResponse();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("X-Ours")).contains("yes");
      assertThat(answer.body()).isEqualTo("by the writer, ä");
      assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void writerUsedBefore_writesFailWithWhatToDo(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(
                container,
                (request, response) -> {
                  response.getWriter().print("by the writer");
                  take(request).finish("by the library");
                });
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/misuse").readResponse().status()).isEqualTo(500);
      assertThat(end().cause().orElseThrow())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("has taken getWriter() of this response")
          .hasMessageContaining("call finish() without a body");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void committedBefore_isCommittedAndKeepsItsHead(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            start(
                container,
                (request, response) -> {
                  response.setContentType("text/plain");
                  response.flushBuffer();
                  SafeAsyncResponse own = take(request);
                  assertThat(own.isCommitted()).isTrue();
                  own.status(404).header("X-Late", "never").finish("body");
                });
        RawClient client = RawClient.connect(server)) {
      RawResponse answer = client.get("/misuse").readResponse();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("X-Late")).isEmpty();
      assertThat(answer.body()).isEqualTo("body");
      assertThat(logs.lines(Level.FINE))
          .anySatisfy(
              line ->
                  assertThat(line)
                      .startsWith("Ignored status 404 of exchange ")
                      .contains("(GET /misuse of 127.0.0.1:")
                      .endsWith(
                          ": the response is committed, or text was written in another charset"));
      assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void committedBefore_sendErrorCutsTheResponseOff(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(
                container,
                (request, response) -> {
                  response.getOutputStream().print("a part");
                  response.flushBuffer();
                  assertThat(take(request).sendError(503)).isTrue();
                });
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/misuse").readResponse().isComplete()).isFalse();
      End end = end();
      assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
      assertThat(end.toString()).contains("503");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void takenOnceTheServletHasReturned_saysSo(Container container) throws Exception {
    BlockingQueue<HttpServletRequest> requests = new LinkedBlockingQueue<>();
    try (TestServer server = start(container, (request, response) -> requests.add(request));
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 3; i++) {
        client.get("/misuse").readResponse();
        HttpServletRequest over = requests.poll(10, TimeUnit.SECONDS);
        assertThat(over).isNotNull();
        assertThatIllegalStateException()
            .isThrownBy(() -> SafeAsyncResponse.of(over))
            .withMessageContaining("its servlet has returned without making it asynchronous");
      }
      // Its object may serve this one now.
      CompletableFuture<Throwable> late = new CompletableFuture<>();
      client.get("/misuse").readResponse();
      HttpServletRequest over = requests.poll(10, TimeUnit.SECONDS);
      client.get("/misuse").readResponse();
      late.complete(catchThrowable(() -> SafeAsyncResponse.of(over)));
      assertThat(late.get()).isInstanceOf(IllegalStateException.class);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void twoFilters_theSecondSaysOnceWhoseSettingsApply(Container container) throws Exception {
    SafeAsyncConfig second = SafeAsyncConfig.builder().timeout(Duration.ofMillis(50)).build();
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(
                application ->
                    application
                        .filter(
                            "first",
                            new SafeAsyncFilter(),
                            Map.of("timeout", "PT0.2S", "timeout-status", "504"),
                            true,
                            EnumSet.of(DispatcherType.REQUEST),
                            "/*")
                        .filter(
                            "second",
                            SafeAsyncFilter.create(second),
                            Map.of(),
                            true,
                            EnumSet.of(DispatcherType.REQUEST),
                            "/*")
                        .handler("/misuse", (request, response) -> take(request)));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/misuse").readResponse().status()).isEqualTo(504);
      assertThat(client.get("/misuse").readResponse().status()).isEqualTo(504);
      assertThat(logs.lines(Level.WARNING))
          .singleElement()
          .asString()
          .startsWith("The filter second is mapped to a request that the filter first looks after")
          .contains("the settings of first apply", "Map one of them to each path");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void moreThanMayBePending_insideTheServlet_saysThatNothingLeavesBefore(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            start(
                container,
                (request, response) -> {
                  SafeAsyncResponse own = take(request);
                  byte[] piece = new byte[1 << 20];
                  for (int i = 0; i < 20 && own.write(piece); i++) {
                    assertThat(own.isOpen()).isTrue();
                  }
                });
        RawClient client = RawClient.connect(server)) {
      client.get("/misuse");
      assertThat(end().cause().orElseThrow())
          .isInstanceOf(SlowClientException.class)
          .hasMessageContaining("wait for the servlet to return, before which nothing leaves")
          .hasMessageContaining("send(InputStream, Executor)");
    }
  }
}
