package io.github.safeasync.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.sse.SseStream;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.TestServer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.params.ParameterizedTest;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

/** Methods of controllers that take the library's types, on every container. */
class ArgumentsIT {

  static final BlockingQueue<End> ENDS = new LinkedBlockingQueue<>();

  static final BlockingQueue<CancellationToken> TOKENS = new LinkedBlockingQueue<>();
  static final BlockingQueue<String> RETURNED = new LinkedBlockingQueue<>();

  /** An application. */
  @Configuration
  @EnableWebMvc
  @Import({SafeAsyncMvcConfiguration.class, Answering.class})
  static class Application {}

  /** Its answers. */
  @RestController
  static class Answering {

    @GetMapping("/written")
    void written(SafeAsyncResponse response) {
      response.end().thenAccept(ENDS::add);
      Thread writer =
          new Thread(
              () -> {
                response.contentType("text/plain").write("written");
                response.finish();
              });
      writer.start();
    }

    @GetMapping("/news")
    void news(SseStream stream) {
      stream.response().end().thenAccept(ENDS::add);
      stream.send("news");
      stream.close();
    }

    @GetMapping("/pending")
    void pending(SafeAsyncResponse response) {
      response.end().thenAccept(ENDS::add);
      response.flush();
    }

    @GetMapping("/token")
    String token(CancellationToken token) {
      return "cancelled: " + token.isCancelled();
    }

    @GetMapping("/waiting")
    String waiting(CancellationToken token) throws InterruptedException {
      TOKENS.add(token);
      while (!token.isCancelled()) {
        Thread.sleep(5);
      }
      RETURNED.add("cancelled");
      return "late";
    }

    @GetMapping("/task")
    Callable<String> task() {
      return () -> {
        TOKENS.add(CancellationToken.current());
        return "called";
      };
    }

    @GetMapping("/both")
    String both(SafeAsyncResponse response) {
      return "answered";
    }

    @GetMapping({"/refusing", "/refusing-raw"})
    void refusing() {
      throw new ResponseStatusException(HttpStatus.CONFLICT);
    }

    @GetMapping("/refusing-taken")
    void refusing(SafeAsyncResponse response) {
      throw new ResponseStatusException(HttpStatus.CONFLICT);
    }

    @GetMapping("/handled-raw")
    void handled() {
      throw new IllegalArgumentException("handled");
    }

    @GetMapping("/handled-taken")
    void handled(SafeAsyncResponse response) {
      throw new IllegalArgumentException("handled");
    }

    @GetMapping("/handled-stream")
    void handled(SseStream stream) {
      stream.response().end().thenAccept(ENDS::add);
      throw new IllegalArgumentException("handled");
    }

    @ExceptionHandler
    @ResponseStatus(HttpStatus.BAD_REQUEST)
    String handle(IllegalArgumentException failure) {
      return failure.getMessage();
    }
  }

  private static TestServer start(Container container) throws Exception {
    ENDS.clear();
    TOKENS.clear();
    RETURNED.clear();
    return MvcServer.start(container, Application.class, new SafeAsyncFilter());
  }

  private static End.Kind end() throws InterruptedException {
    End end = ENDS.poll(10, SECONDS);
    return end == null ? null : end.kind();
  }

  @ParameterizedTest
  @EveryContainer
  void voidMethod_answersByItsArgument(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container);
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 2; i++) {
        assertThat(client.get("/written").readResponse().body()).isEqualTo("written");
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
        RawResponse news = client.get("/news").readResponse();
        assertThat(news.header("Content-Type").orElseThrow())
            .startsWith(MediaType.TEXT_EVENT_STREAM_VALUE);
        assertThat(news.body()).contains("data: news");
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
      }
      assertThat(client.get("/token").readResponse().body()).isEqualTo("cancelled: false");
      client.get("/pending").readHead();
      client.closeRst();
      assertThat(end()).isEqualTo(End.Kind.DISCONNECTED);
      logs.assertQuiet();
    }
  }

  /** A method that blocks and asks, with nothing else configured. */
  @ParameterizedTest
  @EveryContainer
  void token_isCancelledByTheHangUp_G9(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      RawClient client = RawClient.connect(server).get("/waiting");
      assertThat(TOKENS.poll(10, SECONDS)).isNotNull();
      client.closeFin();
      assertThat(RETURNED.poll(10, SECONDS)).isEqualTo("cancelled");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void callable_worksForTheRequest_onItsOwnThread(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container)) {
      assertThat(answer(server, "/task")).isEqualTo("200 called");
      assertThat(TOKENS.poll(10, SECONDS)).isNotNull().isNotSameAs(CancellationToken.none());
      logs.assertQuiet();
    }
  }

  /** What a method throws is answered as by one that takes nothing, and at once. */
  @ParameterizedTest
  @EveryContainer
  void methodThatThrows_isAnsweredAsAnyOther_G13(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      assertThat(answer(server, "/refusing-taken").replace("-taken", "-raw"))
          .isEqualTo(answer(server, "/refusing-raw"))
          .startsWith("409 ");
      assertThat(answer(server, "/handled-taken"))
          .isEqualTo(answer(server, "/handled-raw"))
          .isEqualTo("400 handled");
    }
  }

  /** Its response is committed, so that it can only be ended. */
  @ParameterizedTest
  @EveryContainer
  void methodThatThrowsBehindAnOpenStream_endsIt(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      try (RawClient client = RawClient.connect(server).readTimeout(Duration.ofSeconds(10))) {
        client.get("/handled-stream").readResponse();
      }
      assertThat(end()).isNotNull();
    }
  }

  /** Not after thirty seconds, and not never. */
  @ParameterizedTest
  @EveryContainer
  void methodThatReturnsAnAnswerAsWell_isRefused(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = start(container)) {
      assertThat(answer(server, "/both")).startsWith("500 ");
      assertThat(logs.throwables())
          .anySatisfy(
              each ->
                  assertThat(each)
                      .hasStackTraceContaining(
                          "takes a SafeAsyncResponse, by which it answers, and so has to return"
                              + " void"));
    }
  }

  private static String answer(TestServer server, String path) throws Exception {
    try (RawClient client = RawClient.connect(server).readTimeout(Duration.ofSeconds(10))) {
      RawResponse response = client.get(path).readResponse();
      return response.status() + " " + response.body();
    }
  }
}
