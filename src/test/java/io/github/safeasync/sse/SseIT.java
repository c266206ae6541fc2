package io.github.safeasync.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/** Event streams in real containers. */
class SseIT {

  private final SseGroup group = SseGroup.replaying(5);
  private final BlockingQueue<SseStream> streams = new LinkedBlockingQueue<>();
  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();

  @ParameterizedTest
  @EveryContainer
  void events_reachEveryClient_andTheDeadAreEvicted(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container);
        RawClient one = open(server, "")) {
      RawClient two = open(server, "");
      group.send(SseMessage.of("hello").id("1"));
      assertThat(next(one)).isEqualTo("hello");
      assertThat(next(two)).isEqualTo("hello");
      two.close();
      await().until(() -> group.size() == 1);
      assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.DISCONNECTED);
      group.send(SseMessage.of("again"));
      assertThat(next(one)).isEqualTo("again");
      group.closeAll();
      assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isEqualTo(End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void reconnectingClient_missesNothingThatIsRemembered(Container container) throws Exception {
    try (TestServer server = serve(container)) {
      for (int i = 1; i <= 8; i++) {
        group.send(SseMessage.of("event " + i).id("é" + i));
      }
      try (RawClient client = open(server, "Last-Event-ID: \u00c3\u00a96\r\n")) {
        assertThat(next(client)).isEqualTo("event 7");
        assertThat(next(client)).isEqualTo("event 8");
        group.send(SseMessage.of("event 9").id("é9"));
        assertThat(next(client)).isEqualTo("event 9");
      }
      await().until(() -> group.size() == 0);
      try (RawClient client = open(server, "Last-Event-ID: forgotten\r\n")) {
        assertThat(next(client)).isEqualTo("event 5");
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void heartbeat_comesWhenIdle(Container container) throws Exception {
    try (TestServer server = serve(container);
        RawClient client = open(server, "")) {
      SseStream stream = streams.poll(10, TimeUnit.SECONDS);
      stream.heartbeat(Duration.ofMillis(50));
      int heartbeats = 0;
      while (heartbeats < 5) {
        if (client.readLine().equals(":")) {
          heartbeats++;
        }
      }
      assertThat(stream.isOpen()).isTrue();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stalledClient_isEvicted(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container);
        RawClient stalled =
            RawClient.connect(server, socket -> socket.setReceiveBufferSize(4096))) {
      stalled.get("/");
      await().until(() -> group.size() == 1);
      String large = "x".repeat(50_000);
      await()
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                group.send(SseMessage.of(large));
                return group.size() == 0;
              });
      assertThat(streams.remove().isOpen()).isFalse();
      // What waited may still have fitted the sockets' buffers: then nobody is stalled after all.
      assertThat(ends.poll(10, TimeUnit.SECONDS).kind()).isIn(End.Kind.FAILED, End.Kind.COMPLETED);
      logs.assertQuiet();
    }
  }

  private TestServer serve(Container container) throws Exception {
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .timeout(Duration.ZERO)
            .writeTimeout(Duration.ofSeconds(1))
            .build();
    return container.start(
        app ->
            app.filter(SafeAsyncFilter.create(config))
                .handler(
                    "/*",
                    (request, raw) -> {
                      SseStream stream = SseStream.open(request);
                      stream.response().onEnd(ends::add);
                      streams.add(stream);
                      group.add(stream);
                    }));
  }

  private RawClient open(TestServer server, String header) throws Exception {
    int before = group.size();
    RawClient client = RawClient.connect(server);
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n");
    for (String line = null; !":".equals(line); ) {
      line = client.readLine();
    }
    await().until(() -> group.size() > before);
    return client;
  }

  /** The data of the next event. */
  private static String next(RawClient client) throws Exception {
    while (true) {
      String line = client.readLine();
      if (line.startsWith("data: ")) {
        return line.substring(6);
      }
    }
  }
}
