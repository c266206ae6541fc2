package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.body.ContentLengthException;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.TomcatNio2;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.ServletRequest;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.junit.jupiter.params.ParameterizedTest;

/** As {@link FramingIT}, where a wrong length must cost its own stream alone (RFC 9113, 8.1.1). */
class Http2FramingIT {

  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();

  private static void stream(SafeAsyncResponse response) {
    response.write("hello");
    response.flush();
    response.write(new byte[100_000]);
    response.finish();
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void head_hasTheLength_andNoBody(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            Site.answering(container, transport, ends, response -> response.finish("hello"));
        Http2Client client = Http2Client.connect(server)) {
      Http2Exchange head = client.head("/");
      assertThat(head.awaitStatus()).isEqualTo(200);
      assertThat(head.header("Content-Length")).contains("5");
      isWhole(head, 0);
      isWhole(client.get("/"), 5);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void head_ofAStream_hasNoBody(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = Site.answering(container, transport, ends, Http2FramingIT::stream);
        Http2Client client = Http2Client.connect(server)) {
      isWhole(client.head("/"), 0);
      isWhole(client.get("/"), 100_005);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void head_ofADeclaredStream_hasNoBody(Container container, Transport transport) throws Exception {
    Consumer<SafeAsyncResponse> answer =
        response -> stream(response.header("Content-Length", "100005"));
    try (Logs logs = Logs.capture();
        TestServer server = Site.answering(container, transport, ends, answer);
        Http2Client client = Http2Client.connect(server)) {
      Http2Exchange head = client.head("/");
      assertThat(head.header("Content-Length")).contains("100005");
      // Jetty's low-level client misses those bytes, and never tells of the end.
      completes();
      assertThat(head.bodyBytes()).isEmpty();
      isWhole(client.get("/"), 100_005);
      logs.assertQuiet();
    }
  }

  /** A browser's preflight of an event source, for example: it is not kept waiting. */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void head_ofAStreamThatGoesOn_comesAtItsFirstFlush(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport);
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange head = client.head("/take");
      SafeAsyncResponse response = site.take();
      response.status(203).write("some");
      assertThat(Site.flushed(response)).isTrue();
      assertThat(head.awaitStatus()).isEqualTo(203);
      response.write("more");
      response.finish();
      assertThat(head.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
      assertThat(head.bodyBytes()).isEmpty();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void head_ofAnError_hasNoBody(Container container, Transport transport) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server =
            Site.answering(container, transport, ends, response -> response.sendError(404));
        Http2Client client = Http2Client.connect(server)) {
      Http2Exchange head = client.head("/");
      assertThat(head.awaitStatus()).isEqualTo(404);
      isWhole(head, 0);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void emptyBody_isWhole(Container container, Transport transport) throws Exception {
    Consumer<SafeAsyncResponse> declared =
        response -> response.header("Content-Length", "0").finish();
    for (Consumer<SafeAsyncResponse> answer : List.of(SafeAsyncResponse::finish, declared)) {
      try (Logs logs = Logs.capture();
          TestServer server = Site.answering(container, transport, ends, answer);
          Http2Client client = Http2Client.connect(server)) {
        isWhole(client.get("/"), 0);
        logs.assertQuiet();
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void statusWithoutContent_hasNone_howeverMuchIsWritten(Container container, Transport transport)
      throws Exception {
    for (int status : new int[] {204, 205, 304}) {
      Consumer<SafeAsyncResponse> whole = response -> response.status(status).finish("hello");
      Consumer<SafeAsyncResponse> stream = response -> stream(response.status(status));
      for (Consumer<SafeAsyncResponse> answer : List.of(whole, stream)) {
        try (Logs logs = Logs.capture();
            TestServer server = Site.answering(container, transport, ends, answer);
            Http2Client client = Http2Client.connect(server)) {
          for (int i = 0; i < 2; i++) {
            Http2Exchange exchange = client.get("/");
            assertThat(exchange.awaitStatus()).isEqualTo(status);
            isWhole(exchange, 0);
          }
          logs.assertQuiet();
        }
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void wholeBody_ofAnotherLength_isAnError(Container container, Transport transport)
      throws Exception {
    for (String declared : new String[] {"2", "9"}) {
      try (Logs expected = Logs.swallow();
          TestServer server =
              Site.answering(
                  container,
                  transport,
                  ends,
                  response -> response.header("Content-Length", declared).finish("hello"));
          Http2Client client = Http2Client.connect(server)) {
        for (int i = 0; i < 2; i++) {
          Http2Exchange exchange = client.get("/");
          assertThat(exchange.awaitStatus()).isEqualTo(500);
          assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
          assertThat(exchange.bodySoFar()).doesNotContain("hello");
          failed("5 bytes, its Content-Length declares " + declared);
        }
      }
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void stream_ofAnotherLength_isCutOff_andTheConnectionGoesOn(
      Container container, Transport transport) throws Exception {
    for (String declared : new String[] {"7", "200000"}) {
      try (Logs expected = Logs.swallow();
          TestServer server =
              Site.answering(
                  container,
                  transport,
                  ends,
                  response -> {
                    response.header("Content-Length", declared).write("hello");
                    response
                        .flush()
                        .thenRun(() -> response.write(new byte[100_000]))
                        .thenRun(response::finish);
                  });
          Http2Client client = Http2Client.connect(server)) {
        for (int i = 0; i < 3; i++) {
          Http2Exchange exchange = client.get("/");
          assertThat(exchange.awaitStatus()).isEqualTo(200);
          assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.TRUNCATED);
          failed("bytes, its Content-Length declares " + declared);
        }
      }
    }
  }

  /** A connection that is not reached as far as its channel has Tomcat's peculiarities as well. */
  @ParameterizedTest
  @EveryContainer
  void asynchronousChannels_headAndGetAreWhole_G13(Container container) throws Exception {
    assumeTrue(container.isTomcat(), "NIO2 is a connector of Tomcat");
    AtomicReference<IntSupplier> port = new AtomicReference<>();
    try (Logs logs = Logs.capture();
        TestServer server =
            container.start(
                Transport.H2C,
                app -> {
                  port.set(TomcatNio2.join(app));
                  app.filter(new SafeAsyncFilter())
                      .handler("/whole", (in, out) -> take(in).finish("hello"))
                      .handler("/stream", (in, out) -> stream(take(in)));
                });
        Http2Client client = Http2Client.connect(server, port.get().getAsInt())) {
      for (int i = 0; i < 3; i++) {
        Http2Exchange head = client.head("/whole");
        assertThat(head.awaitStatus()).isEqualTo(200);
        assertThat(head.header("Content-Length")).contains("5");
        isWhole(head, 0);
        isWhole(client.get("/whole"), 5);
        Http2Exchange streamed = client.head("/stream");
        assertThat(streamed.awaitStatus()).isEqualTo(200);
        isWhole(streamed, 0);
        isWhole(client.get("/stream"), 100_005);
      }
      logs.assertQuiet();
    }
  }

  private SafeAsyncResponse take(ServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onEnd(ends::add);
    return response;
  }

  private void isWhole(Http2Exchange exchange, int length) throws Exception {
    assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
    assertThat(exchange.bodyBytes()).hasSize(length);
    completes();
  }

  private void completes() throws InterruptedException {
    End end = ends.poll(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull().extracting(End::kind).isEqualTo(End.Kind.COMPLETED);
  }

  private void failed(String told) throws InterruptedException {
    End end = ends.poll(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull().extracting(End::kind).isEqualTo(End.Kind.FAILED);
    assertThat(end.cause().orElseThrow())
        .isInstanceOf(ContentLengthException.class)
        .hasMessageContaining(told);
  }
}
