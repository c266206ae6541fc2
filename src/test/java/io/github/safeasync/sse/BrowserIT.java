package io.github.safeasync.sse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Browser;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;

/** What a real browser's EventSource makes of event streams, over HTTP/1.1 and HTTP/2. */
class BrowserIT {

  private static final String PAGE =
      """
      <!doctype html>
      <script>
        const seen = [];
        const source = new EventSource("/events");
        source.onmessage = event => seen.push(event.lastEventId + " " + event.data);
      </script>
      """;

  private static Browser browser;

  private final SseGroup group = SseGroup.replaying(1000);
  private final BlockingQueue<String> lastEventIds = new LinkedBlockingQueue<>();
  private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
  private final AtomicInteger requests = new AtomicInteger();
  private int published;

  @BeforeAll
  static void startBrowser() {
    browser = Browser.start();
  }

  @AfterAll
  static void endBrowser() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2})
  void eventSource_acrossRestarts_seesEachEventOnce(Container container, Transport transport)
      throws Exception {
    int port = 0;
    for (int start = 0; start < 3; start++) {
      try (TestServer server = serve(container, transport, port)) {
        if (start == 0) {
          port = server.port();
          browser.open(server.uri("/page"));
        }
        awaitOpen();
        String last = start == 0 ? "" : lastEventIds.poll();
        // What was sent as the server was stopped may or may not have been seen.
        assertThat(lastEventIds).isEmpty();
        if (start > 0) {
          assertThat(Integer.parseInt(last)).isBetween(published - 40, published - 20);
        }
        publish(20);
        await().until(() -> seen().size() == published);
        assertThat(seen()).isEqualTo(allPublished());
        publish(20);
      }
      await().until(() -> group.size() == 0);
      publish(20);
    }
    browser.closeTab();
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2})
  void eventSource_whoseStreamIsClosed_comesBack(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, 0)) {
      browser.open(server.uri("/page"));
      for (int i = 0; i < 3; i++) {
        awaitOpen();
        publish(20);
        group.closeAll();
        publish(20);
        End end = ends.poll(10, TimeUnit.SECONDS);
        assertThat(end.kind()).as("%s of stream %d", end, i).isEqualTo(End.Kind.COMPLETED);
      }
      await().until(() -> seen().size() == published);
      assertThat(seen()).isEqualTo(allPublished());
      assertThat(lastEventIds).hasSize(3).containsExactly("20", "60", "100");
      browser.closeTab();
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.H2})
  void closedTab_isNoticedWithoutAWrite_G6(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = serve(container, transport, 0)) {
      for (int i = 0; i < 3; i++) {
        browser.open(server.uri("/page"));
        awaitOpen();
        assertThat(ends).isEmpty();
        browser.closeTab();
        End end = ends.poll(10, TimeUnit.SECONDS);
        assertThat(end).isNotNull();
        assertThat(end.kind()).isEqualTo(End.Kind.DISCONNECTED);
        assertThat(end.departure().orElseThrow().evidence())
            // The last: of a connection that was closed Tomcat may hear first.
            .isIn(Evidence.FIN, Evidence.RST, Evidence.HTTP2_RESET, Evidence.CONNECTION_LOST);
      }
      await().until(() -> group.size() == 0);
      logs.assertQuiet();
    }
  }

  private TestServer serve(Container container, Transport transport, int port) throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().timeout(Duration.ZERO).build();
    return container.start(
        transport,
        app ->
            app.port(port)
                .filter(SafeAsyncFilter.create(config))
                .handler(
                    "/page",
                    (request, response) -> {
                      response.setContentType("text/html");
                      response.getWriter().write(PAGE);
                    })
                .handler(
                    "/events",
                    (request, raw) -> {
                      requests.incrementAndGet();
                      SseStream stream = SseStream.open(request);
                      stream.lastEventId().ifPresent(lastEventIds::add);
                      stream.send(SseMessage.comment("soon").retry(Duration.ofMillis(100)));
                      stream.response().onEnd(ends::add);
                      group.add(stream);
                    }));
  }

  private void publish(int events) {
    for (int i = 0; i < events; i++) {
      published++;
      group.send(SseMessage.of("event " + published).id(Integer.toString(published)));
    }
  }

  private List<String> allPublished() {
    return IntStream.rangeClosed(1, published).mapToObj(n -> n + " event " + n).toList();
  }

  private void awaitOpen() {
    try {
      await().until(() -> group.size() == 1);
    } catch (ConditionTimeoutException e) {
      String threads =
          Thread.getAllStackTraces().entrySet().stream()
              .filter(each -> each.getValue().length > 0)
              .map(each -> each.getKey() + " " + List.of(each.getValue()))
              .collect(Collectors.joining("\n"));
      throw new AssertionError(
          "%d streams in the group, %d requests for one so far, EventSource in state %s\n%s"
              .formatted(
                  group.size(), requests.get(), browser.evaluate("source.readyState"), threads),
          e);
    }
  }

  private static List<?> seen() {
    return (List<?>) browser.evaluate("seen");
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20));
  }
}
