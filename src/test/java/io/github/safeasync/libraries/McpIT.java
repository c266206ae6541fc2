package io.github.safeasync.libraries;

import static io.github.safeasync.libraries.Deployment.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.libraries.Deployment.Kind;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.server.transport.HttpServletSseServerTransportProvider;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;

/** The servlets of the Model Context Protocol's SDK, whose clients leave, on every container. */
class McpIT {

  private static final int CLIENTS = 10;
  private static final int STREAMS = 4;
  private static final String NEWS = "notifications/tools/list_changed";

  /** What became of the sessions whose clients left, and of the one whose client stayed. */
  private record Sessions(int gone, boolean livingHeard, int livingStatus) {}

  private static void leave(List<RawClient> clients) throws Exception {
    for (int i = 0; i < clients.size(); i++) {
      if (i % 2 == 0) {
        clients.get(i).closeFin();
      } else {
        clients.get(i).closeRst();
      }
    }
  }

  @SuppressWarnings("deprecation") // Most servers still speak it.
  private static Seen<Sessions> sse(Kind kind, Container container) throws Exception {
    HttpServletSseServerTransportProvider transport =
        HttpServletSseServerTransportProvider.builder().messageEndpoint("/message").build();
    McpSyncServer unused = McpServer.sync(transport).serverInfo("test", "1").build();
    try (Deployment deployment =
            Deployment.start(kind, container, app -> app.servlet("/*", transport));
        RawClient living = deployment.connect()) {
      String address = McpClients.openSse(deployment, living);
      List<RawClient> leaving = new ArrayList<>();
      List<String> addresses = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        RawClient client = deployment.connect();
        leaving.add(client);
        addresses.add(McpClients.openSse(deployment, client));
      }
      leave(leaving);
      if (kind == Kind.FILTERED) {
        deployment.awaitExchanges(1);
      }
      await()
          .pollInterval(Duration.ofMillis(50))
          .atMost(SOON)
          .untilAsserted(
              () -> {
                transport.notifyClients(NEWS, null).block();
                assertThat(gone(deployment, addresses))
                    .as("%s: ended sessions", kind)
                    .isEqualTo(CLIENTS);
              });
      transport.notifyClients(NEWS, null).block();
      boolean heard = McpClients.nextData(living).contains(NEWS);
      int status = McpClients.ping(deployment, address);
      int gone = gone(deployment, addresses);
      deployment.awaitNoneHalfClosed();
      return new Seen<>(new Sessions(gone, heard, status), deployment.complaints());
    }
  }

  private static int gone(Deployment deployment, List<String> addresses) throws Exception {
    int gone = 0;
    for (String each : addresses) {
      gone += McpClients.ping(deployment, each) == 404 ? 1 : 0;
    }
    return gone;
  }

  @ParameterizedTest
  @EveryContainer
  void sseTransport_letsTheSessionsGoWhoseClientsLeft_G13(Container container) throws Exception {
    Seen<Sessions> raw = sse(Kind.RAW, container);
    sse(Kind.FILTERED, container).assertNoWorseThan(raw);
  }

  /** A tool that answers when the test lets it. */
  private static final class Waiting implements AutoCloseable {
    final AtomicInteger called = new AtomicInteger();
    final AtomicInteger answered = new AtomicInteger();
    final CountDownLatch gate = new CountDownLatch(1);

    McpSchema.CallToolResult call() {
      called.incrementAndGet();
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      answered.incrementAndGet();
      return McpSchema.CallToolResult.builder().addTextContent("done").build();
    }

    @Override
    public void close() {
      gate.countDown();
    }
  }

  /** What became of the streams whose clients left, and of what was said to them afterwards. */
  private record Streams(int answered, boolean livingAnswered) {}

  private static Seen<Streams> streamable(Kind kind, Container container) throws Exception {
    Waiting tool = new Waiting();
    HttpServletStreamableServerTransportProvider transport =
        HttpServletStreamableServerTransportProvider.builder().build();
    McpSyncServer unused =
        McpServer.sync(transport)
            .serverInfo("test", "1")
            .capabilities(McpSchema.ServerCapabilities.builder().tools(true).build())
            .toolCall(
                McpSchema.Tool.builder("wait", Map.of("type", "object")).build(),
                (exchange, request) -> tool.call())
            .build();
    try (Deployment deployment =
            Deployment.start(kind, container, app -> app.servlet("/mcp", transport));
        tool) {
      List<RawClient> leaving = new ArrayList<>();
      for (int i = 0; i < STREAMS; i++) {
        String session = McpClients.beginSession(deployment);
        leaving.add(McpClients.listen(deployment, session));
        leaving.add(McpClients.call(deployment, session));
      }
      RawClient living = McpClients.call(deployment, McpClients.beginSession(deployment));
      await().atMost(SOON).until(() -> tool.called.get() == STREAMS + 1);
      leave(leaving);
      if (kind == Kind.FILTERED) {
        // Those whose servlet is waiting for the tool.
        deployment.awaitExchanges(STREAMS + 1);
      }
      tool.gate.countDown();
      await().atMost(SOON).until(() -> tool.answered.get() == STREAMS + 1);
      boolean answered = McpClients.nextData(living).contains("done");
      living.close();
      await()
          .pollInterval(Duration.ofMillis(50))
          .atMost(SOON)
          .untilAsserted(
              () -> {
                transport.notifyClients(NEWS, null).block();
                assertThat(deployment.halfClosed()).as("%s: sockets", kind).isZero();
              });
      deployment.awaitNoExchange();
      return new Seen<>(new Streams(tool.answered.get(), answered), deployment.complaints());
    }
  }

  @ParameterizedTest
  @EveryContainer
  void streamableTransport_freesTheStreamsWhoseClientsLeft_G13(Container container)
      throws Exception {
    Seen<Streams> raw = streamable(Kind.RAW, container);
    streamable(Kind.FILTERED, container).assertNoWorseThan(raw);
  }
}
