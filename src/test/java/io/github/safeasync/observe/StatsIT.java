package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SafeAsyncStats.Disconnected;
import io.github.safeasync.SafeAsyncStats.Work;
import io.github.safeasync.SafeAsyncStatsMXBean;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.management.JMX;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;

/** What the library counts, in code and in JMX. */
class StatsIT {

  private final SafeAsyncFilter filter = new SafeAsyncFilter();
  private final CountDownLatch released = new CountDownLatch(1);
  private volatile ServletContext context;

  @AfterEach
  void release() {
    released.countDown();
  }

  private void application(TestApplication app) {
    app.contextPath("/counted")
        .filter(filter, Map.of("watch", "sync"))
        .handler("/pending", (request, response) -> take(request))
        .handler("/answer", (request, response) -> take(request).finish("done"))
        .handler("/fail", (request, response) -> take(request).guard(() -> fail()).run())
        .handler("/block", this::block)
        .handler("/pass", (request, response) -> response.getWriter().print("passed"));
  }

  private SafeAsyncResponse take(HttpServletRequest request) {
    context = request.getServletContext();
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.cancelOnDisconnect(new CompletableFuture<>());
    response.cancelOnDisconnect(() -> {});
    return response;
  }

  private static void fail() {
    throw new IllegalStateException("as it is told to");
  }

  private void block(HttpServletRequest request, HttpServletResponse response) throws IOException {
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void until(String what, org.awaitility.core.ThrowingRunnable holds) {
    await(what).atMost(Duration.ofSeconds(20)).untilAsserted(holds);
  }

  private void askAndLeave(TestServer server, String path, Runnable before) throws Exception {
    if (server.transport().isHttp2()) {
      try (Http2Client client = Http2Client.connect(server)) {
        Http2Exchange exchange = client.get("/counted" + path);
        before.run();
        exchange.reset();
        // The connection stays until then, so that the stream's end is the evidence.
        noticed();
      }
    } else {
      RawClient client = RawClient.connect(server).get("/counted" + path);
      before.run();
      client.closeFin();
      noticed();
    }
  }

  private void noticed() {
    until("noticed", () -> assertThat(filter.stats().ended(End.Kind.DISCONNECTED)).isEqualTo(1));
  }

  @ParameterizedTest
  @EveryTransport
  void eachExchange_isCountedOnce_byItsEnd(Container container, Transport transport)
      throws Exception {
    List<Disconnected> told = new CopyOnWriteArrayList<>();
    try (Logs logs = Logs.swallow();
        TestServer server = container.start(transport, this::application)) {
      SafeAsyncStats stats = filter.stats();
      Handle listening = stats.onDisconnect(told::add);
      askAndLeave(
          server,
          "/pending?secret=1",
          () ->
              until(
                  "watched",
                  () -> {
                    assertThat(stats.open()).isEqualTo(1);
                    assertThat(stats.watched()).isEqualTo(1);
                  }));
      until("cancelled", () -> assertThat(stats.cancelled(Work.RESOURCE)).isEqualTo(1));
      until("told", () -> assertThat(told).hasSize(1));

      assertThat(listening.remove()).isTrue();
      assertThat(stats.open()).isZero();
      assertThat(stats.cancelled(Work.FUTURE)).isEqualTo(1);
      Evidence evidence = transport.isHttp2() ? Evidence.HTTP2_RESET : Evidence.FIN;
      assertThat(stats.disconnected(evidence)).isEqualTo(1);
      assertThat(stats.disconnectedAfter().count()).isEqualTo(1);
      assertThat(stats.disconnectedAfter().total()).isPositive();
      assertThat(told.get(0).method()).isEqualTo("GET");
      assertThat(told.get(0).path()).isEqualTo("/counted/pending");
      assertThat(told.get(0).end().departure()).isPresent();
      until("let go", () -> assertThat(stats.watched()).isZero());
      // The container may be first to notice, on HTTP/2.
      long byWatcher = told.get(0).detection().isPresent() ? 1 : 0;
      assertThat(stats.detection().count()).isEqualTo(byWatcher);
      if (!transport.isHttp2()) {
        assertThat(byWatcher).isEqualTo(1);
        assertThat(stats.detection().longest()).isBetween(Duration.ofNanos(1), ofSeconds(5));
        assertThat(stats.detection().buckets().stream().mapToLong(each -> each.count()).sum())
            .isEqualTo(1);
      }
    }
  }

  private static Duration ofSeconds(int seconds) {
    return Duration.ofSeconds(seconds);
  }

  /** The thread that is interrupted may be through the filter before the watcher has counted. */
  @ParameterizedTest
  @EveryContainer
  void interruptedServlets_thatThrowAtOnce_areCountedAsLeft(Container container) throws Exception {
    int atOnce = 12;
    int rounds = 5;
    try (Logs logs = Logs.swallow();
        TestServer server = container.start(this::application)) {
      SafeAsyncStats stats = filter.stats();
      for (int round = 0; round < rounds; round++) {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < atOnce; i++) {
          clients.add(RawClient.connect(server).get("/counted/block"));
        }
        until("watched", () -> assertThat(stats.watched()).isEqualTo(atOnce));
        for (RawClient each : clients) {
          each.closeFin();
        }
        until("ended", () -> assertThat(stats.open()).isZero());
        until("let go", () -> assertThat(stats.watched()).isZero());
      }
      assertThat(stats.ended(End.Kind.DISCONNECTED)).as("%s", stats).isEqualTo(rounds * atOnce);
      assertThat(stats.disconnected(Evidence.FIN)).isEqualTo(rounds * atOnce);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void synchronousRequests_areCountedIfTheyAreWatched(Container container) throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = container.start(this::application)) {
      SafeAsyncStats stats = filter.stats();
      askAndLeave(
          server, "/block", () -> until("watched", () -> assertThat(stats.watched()).isEqualTo(1)));
      until("interrupted", () -> assertThat(stats.cancelled(Work.THREAD)).isEqualTo(1));
      try (RawClient client = RawClient.connect(server)) {
        assertThat(client.get("/counted/pass").readResponse().body()).isEqualTo("passed");
        assertThat(client.get("/counted/answer").readResponse().body()).isEqualTo("done");
        assertThat(client.get("/counted/fail").readResponse().status()).isEqualTo(500);
      }
      until("ended", () -> assertThat(stats.open()).isZero());
      assertThat(stats.ended(End.Kind.COMPLETED) + stats.ended(End.Kind.FAILED)).isEqualTo(3);
      assertThat(stats.ended(End.Kind.DISCONNECTED)).isEqualTo(1);
      assertThat(stats.detection().count()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EveryContainer
  void stats_areInTheServletContextAndInJmx_alsoOfASecondDeployment(Container container)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server = container.start(this::application);
        RawClient client = RawClient.connect(server)) {
      client.get("/counted/pending");
      until("taken", () -> assertThat(context).isNotNull());
      assertThat(SafeAsyncStats.of(context))
          .containsExactly(Map.entry(SafeAsyncFilter.class.getName(), filter.stats()));
      assertThat(shown()).singleElement().extracting(StatsIT::open).isEqualTo(1L);
      SafeAsyncFilter other = new SafeAsyncFilter();
      try (TestServer second = container.start(app -> app.contextPath("/counted").filter(other))) {
        assertThat(shown()).hasSize(2).extracting(StatsIT::open).containsExactlyInAnyOrder(0L, 1L);
      }
      assertThat(shown()).singleElement().extracting(StatsIT::open).isEqualTo(1L);
      server.stopApplication();
      assertThat(shown()).isEmpty();
      assertThat(filter.stats().ended(End.Kind.SHUT_DOWN)).isEqualTo(1);
    }
  }

  private static Set<ObjectName> shown() throws Exception {
    return ManagementFactory.getPlatformMBeanServer()
        .queryNames(
            new ObjectName("io.github.safeasync:type=SafeAsyncStats,context=\"/counted\",*"), null);
  }

  private static long open(ObjectName name) {
    return JMX.newMXBeanProxy(
            ManagementFactory.getPlatformMBeanServer(), name, SafeAsyncStatsMXBean.class)
        .getOpen();
  }
}
