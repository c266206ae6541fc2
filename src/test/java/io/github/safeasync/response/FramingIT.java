package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.body.ContentLengthException;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;

/** Bodies that must not be there, and bodies of the wrong length (RFC 9110). */
class FramingIT {

  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();

  @ParameterizedTest
  @EveryContainer
  void head_hasTheLength_andNoBody(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, response -> response.finish("hello"));
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 3; i++) {
        client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        RawResponse head = client.readHead();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Length")).contains("5");
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
        assertThat(client.get("/").readResponse().body()).isEqualTo("hello");
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void head_ofAStream_hasNoBody(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, FramingIT::stream);
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 3; i++) {
        client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
        assertThat(client.get("/").readResponse().bodyBytes()).hasSize(100_005);
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  private static void stream(SafeAsyncResponse response) {
    response.write("hello");
    response.flush();
    response.write(new byte[100_000]);
    response.finish();
  }

  @ParameterizedTest
  @EveryContainer
  void statusWithoutContent_hasNone_howeverMuchIsWritten(Container container) throws Exception {
    for (int status : new int[] {204, 205, 304}) {
      Consumer<SafeAsyncResponse> whole = response -> response.status(status).finish("hello");
      Consumer<SafeAsyncResponse> stream = response -> stream(response.status(status));
      for (Consumer<SafeAsyncResponse> answer : List.of(whole, stream)) {
        try (Logs logs = Logs.capture();
            TestServer server = serve(container, answer);
            RawClient client = RawClient.connect(server)) {
          for (int i = 0; i < 2; i++) {
            RawResponse response = client.get("/").readResponse();
            assertThat(response.status()).isEqualTo(status);
            assertThat(response.bodyBytes()).as("status %d", status).isEmpty();
            assertThat(end()).isEqualTo(End.Kind.COMPLETED);
          }
          logs.assertQuiet();
        }
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void wholeBody_ofAnotherLength_isAnError(Container container) throws Exception {
    for (String declared : new String[] {"2", "9"}) {
      try (Logs expected = Logs.swallow();
          TestServer server =
              serve(
                  container,
                  response -> response.header("Content-Length", declared).finish("hello"));
          RawClient client = RawClient.connect(server)) {
        RawResponse response = client.get("/").readResponse();
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.isComplete()).isTrue();
        assertThat(response.body()).doesNotContain("hello");
        failed("5 bytes, its Content-Length declares " + declared);
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stream_ofAnotherLength_isCutOff(Container container) throws Exception {
    for (String declared : new String[] {"7", "200000"}) {
      try (Logs expected = Logs.swallow();
          TestServer server =
              serve(
                  container,
                  response -> {
                    response.header("Content-Length", declared).write("hello");
                    response
                        .flush()
                        .thenRun(() -> response.write(new byte[100_000]))
                        .thenRun(response::finish);
                  });
          RawClient client = RawClient.connect(server)) {
        RawResponse response = client.get("/").readResponse();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.isComplete()).as("whole with %s", declared).isFalse();
        failed("bytes, its Content-Length declares " + declared);
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stream_ofTheDeclaredLength_isWhole(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            serve(container, response -> stream(response.header("Content-Length", "100005")));
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 20; i++) {
        RawResponse response = client.get("/").readResponse();
        assertThat(response.isComplete()).isTrue();
        assertThat(response.bodyBytes()).hasSize(100_005);
        assertThat(end()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  private TestServer serve(Container container, Consumer<SafeAsyncResponse> answer)
      throws Exception {
    return Site.answering(container, ends, answer);
  }

  private void failed(String told) throws InterruptedException {
    End end = ends.poll(10, TimeUnit.SECONDS);
    assertThat(end.kind()).isEqualTo(End.Kind.FAILED);
    assertThat(end.cause().orElseThrow())
        .isInstanceOf(ContentLengthException.class)
        .hasMessageContaining(told);
  }

  private End.Kind end() throws InterruptedException {
    End end = ends.poll(10, TimeUnit.SECONDS);
    return end == null ? null : end.kind();
  }
}
