package io.github.safeasync.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Threads;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;

/** Files, streams, channels and publishers as the body. */
class SendIT {

  private static final byte[] LARGE = new byte[3_000_001];

  static {
    new Random(1).nextBytes(LARGE);
  }

  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
  private ExecutorService reader;

  @BeforeEach
  void start() {
    reader = Threads.started(8);
  }

  @AfterEach
  void stop() {
    reader.shutdownNow();
  }

  @ParameterizedTest
  @EveryContainer
  void file_isSentWithItsHeaders(Container container, @TempDir Path directory) throws Exception {
    Path file = Files.write(directory.resolve("page.html"), LARGE);
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, response -> response.send(file));
        RawClient client = RawClient.connect(server)) {
      for (int i = 0; i < 2; i++) {
        RawResponse response = client.get("/").readResponse();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Content-Length")).contains("3000001");
        assertThat(response.header("Content-Type").orElse("")).startsWith("text/html");
        assertThat(response.header("Last-Modified").orElse("")).endsWith("GMT");
        assertThat(response.bodyBytes()).isEqualTo(LARGE);
        assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
        client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        RawResponse head = client.readHead();
        assertThat(head.header("Content-Length")).contains("3000001");
        assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
      }
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void file_emptyOrMissing(Container container, @TempDir Path directory) throws Exception {
    Path empty = Files.createFile(directory.resolve("empty.txt"));
    try (TestServer server = serve(container, response -> response.send(empty));
        RawClient client = RawClient.connect(server)) {
      RawResponse response = client.get("/").readResponse();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.bodyBytes()).isEmpty();
    }
    try (TestServer server =
            serve(container, response -> response.send(directory.resolve("none")));
        RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/").readResponse().status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void streamAndChannel_areSentAndClosed(Container container) throws Exception {
    CountDownLatch closed = new CountDownLatch(2);
    Consumer<SafeAsyncResponse> stream = response -> response.send(large(closed), reader);
    Consumer<SafeAsyncResponse> channel =
        response -> response.send(Channels.newChannel(large(closed)), reader);
    for (Consumer<SafeAsyncResponse> answer : List.of(stream, channel)) {
      try (Logs logs = Logs.capture();
          TestServer server = serve(container, answer);
          RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/").readResponse().bodyBytes()).isEqualTo(LARGE);
        assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
        logs.assertQuiet();
      }
    }
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
  }

  private static InputStream large(CountDownLatch closed) {
    return new ByteArrayInputStream(LARGE) {
      @Override
      public void close() {
        closed.countDown();
      }
    };
  }

  @ParameterizedTest
  @EveryContainer
  void stream_thatTrickles_isSentAsItComes_andClosedAtTheHangUp(Container container)
      throws Exception {
    PipedOutputStream pipe = new PipedOutputStream();
    CountDownLatch closed = new CountDownLatch(1);
    InputStream source =
        new PipedInputStream(pipe) {
          @Override
          public void close() throws IOException {
            super.close();
            closed.countDown();
          }
        };
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, response -> response.send(source, reader))) {
      try (RawClient client = RawClient.connect(server)) {
        client.get("/");
        pipe.write("first\n".getBytes());
        pipe.flush();
        for (String line = ""; !line.equals("first"); ) {
          line = client.readLine();
        }
      }
      assertThat(end().kind()).isEqualTo(End.Kind.DISCONNECTED);
      assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stream_thatFails_isAnErrorOrACut(Container container) throws Exception {
    for (int before : new int[] {0, 100_000}) {
      InputStream failing =
          new InputStream() {
            private int left = before;

            @Override
            public int read() throws IOException {
              if (left == 0) {
                throw new IOException("on purpose");
              }
              left--;
              return 'x';
            }
          };
      try (Logs expected = Logs.swallow();
          TestServer server = serve(container, response -> response.send(failing, reader));
          RawClient client = RawClient.connect(server)) {
        RawResponse response = client.get("/").readResponse();
        assertThat(response.status() == 500 || !response.isComplete()).isTrue();
        assertThat(end().kind()).isEqualTo(End.Kind.FAILED);
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void publisher_isSent_andCancelledAtTheHangUp(Container container) throws Exception {
    BlockingQueue<SubmissionPublisher<ByteBuffer>> publishers = new LinkedBlockingQueue<>();
    try (Logs logs = Logs.capture();
        TestServer server =
            serve(
                container,
                response -> {
                  SubmissionPublisher<ByteBuffer> publisher = new SubmissionPublisher<>(reader, 8);
                  response.send(publisher);
                  publishers.add(publisher);
                })) {
      try (RawClient client = RawClient.connect(server)) {
        client.get("/");
        SubmissionPublisher<ByteBuffer> publisher = publishers.poll(10, TimeUnit.SECONDS);
        reader.execute(
            () -> {
              for (int from = 0; from < LARGE.length; from += 10_000) {
                publisher.submit(
                    ByteBuffer.wrap(LARGE, from, Math.min(10_000, LARGE.length - from)));
              }
              publisher.close();
            });
        assertThat(client.readResponse().bodyBytes()).isEqualTo(LARGE);
        assertThat(end().kind()).isEqualTo(End.Kind.COMPLETED);
      }
      SubmissionPublisher<ByteBuffer> cancelled;
      try (RawClient client = RawClient.connect(server)) {
        client.get("/");
        cancelled = publishers.poll(10, TimeUnit.SECONDS);
      }
      assertThat(end().kind()).isEqualTo(End.Kind.DISCONNECTED);
      await().until(() -> !cancelled.hasSubscribers());
      logs.assertQuiet();
    }
  }

  private TestServer serve(Container container, Consumer<SafeAsyncResponse> answer)
      throws Exception {
    return Site.answering(container, ends, answer);
  }

  private End end() throws InterruptedException {
    End end = ends.poll(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    return end;
  }
}
