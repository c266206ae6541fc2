package io.github.safeasync.detection;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.response.SlowReader;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.RawResponse;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Tries;
import io.github.safeasync.testkit.Witness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;

/** G7, G8: clients that stay are never reported, and get every byte of every answer. */
class NoFalseReportIT {

  private static final SafeAsyncConfig WATCHED_AT_ONCE =
      SafeAsyncConfig.builder().detectAfter(Duration.ZERO).build();

  private static final int CONNECTIONS = 8;
  private static final int ROUNDS = Tries.of(10);
  private static final int STREAMS = 5;

  /** Tomcat closes a connection after a hundred. */
  private static final int PIPELINED = 50;

  private static final int GRACE_MICROS = 3_000;

  private final AtomicInteger falseReports = new AtomicInteger();

  private Handler answeredLater(ScheduledExecutorService timer) {
    return (request, out) -> {
      String query = request.getQueryString();
      SafeAsyncResponse response = SafeAsyncResponse.of(request);
      response.onDisconnect(gone -> falseReports.incrementAndGet());
      long delay = ThreadLocalRandom.current().nextLong(2 * GRACE_MICROS);
      timer.schedule(() -> response.finish("answer " + query), delay, MICROSECONDS);
    };
  }

  private static Site start(
      Container container, Transport transport, Duration grace, String path, Handler handler)
      throws Exception {
    SafeAsyncConfig config = SafeAsyncConfig.builder().detectAfter(grace).build();
    return Site.start(container, transport, config, app -> app.handler(path, handler));
  }

  /** The end falls before, after and in the middle of the moment at which watching starts. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void keepAliveRequestsAroundTheGracePeriod_G7_G8(Container container, Transport transport)
      throws Exception {
    int requests = Tries.of(transport == Transport.PLAIN ? 1250 : 100);
    aroundTheGracePeriod(container, transport, (site, number) -> keepAlive(site, number, requests));
  }

  /** What one client of several asks a site. */
  private interface Requests {
    void of(Site site, int client) throws Exception;
  }

  private void aroundTheGracePeriod(Container container, Transport transport, Requests requests)
      throws Exception {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(2);
    timer.prestartAllCoreThreads(); // Tomcat takes threads born in a request for the application's.
    ExecutorService clients = Executors.newFixedThreadPool(CONNECTIONS);
    Duration grace = Duration.ofNanos(GRACE_MICROS * 1_000L);
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, grace, "/later", answeredLater(timer))) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        int number = i;
        done.add(
            clients.submit(
                () -> {
                  requests.of(site, number);
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get(60, SECONDS);
      }
      assertThat(falseReports).hasValue(0);
      takesAndLetsGo(site);
      logs.assertQuiet();
    } finally {
      clients.shutdownNow();
      timer.shutdownNow();
    }
  }

  private static void keepAlive(Site site, int number, int requests) throws IOException {
    RawClient client = RawClient.connect(site.server());
    try {
      for (int i = 0; i < requests; i++) {
        String query = number + "." + i;
        RawResponse response = client.get("/later?" + query).readResponse();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("answer " + query);
        if (response.header("Connection").filter("close"::equalsIgnoreCase).isPresent()) {
          client.close(); // As Tomcat wants after a hundred.
          client = RawClient.connect(site.server());
        }
      }
    } finally {
      client.close();
    }
  }

  /** Each is there before the one before it is answered, so that the container reads on at once. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void pipelinedRequestsAroundTheGracePeriod_G7_G8(Container container, Transport transport)
      throws Exception {
    int batches = transport == Transport.PLAIN ? 4 * ROUNDS : ROUNDS;
    aroundTheGracePeriod(
        container,
        transport,
        (site, number) -> {
          for (int i = 0; i < batches; i++) {
            pipelined(site, number + "." + i);
          }
        });
  }

  private static void pipelined(Site site, String batch) throws IOException {
    try (RawClient client = RawClient.connect(site.server())) {
      client.get("/later?" + batch + ".0");
      for (int i = 1; i <= PIPELINED; i++) {
        client.get("/later?" + batch + "." + i);
        assertThat(client.readResponse().body()).isEqualTo("answer " + batch + "." + (i - 1));
      }
      assertThat(client.readResponse().body()).isEqualTo("answer " + batch + "." + PIPELINED);
    }
  }

  /** As above, with several streams of one connection at a time. */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void streamsAroundTheGracePeriod_G7_G8(Container container, Transport transport)
      throws Exception {
    aroundTheGracePeriod(container, transport, NoFalseReportIT::streams);
  }

  private static void streams(Site site, int number) throws Exception {
    try (Http2Client client = Http2Client.connect(site.server())) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Http2Exchange> open = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
          open.add(client.get("/later?" + number + "." + round + "." + i));
        }
        for (int i = 0; i < STREAMS; i++) {
          assertThat(open.get(i).awaitStatus()).isEqualTo(200);
          String query = number + "." + round + "." + i;
          assertThat(open.get(i).awaitBody()).isEqualTo("answer " + query);
        }
      }
    }
  }

  /** After all of it one more is watched, and nothing is after that. */
  private static void takesAndLetsGo(Site site) throws Exception {
    try (SlowReader client = SlowReader.open(site.server(), "/take")) {
      SafeAsyncResponse response = site.take();
      site.awaitWatching(1);
      response.finish("done");
      assertThat(client.read().bytes()).asString().isEqualTo("done");
      site.awaitWatching(0);
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void pipelinedRequests_areAnsweredInOrder_G7_G8(Container container, Transport transport)
      throws Exception {
    Handler echo =
        (request, response) -> response.getWriter().write("echo " + request.getQueryString());
    try (Logs logs = Logs.capture();
        Site site = start(container, transport, Duration.ZERO, "/echo", echo);
        RawClient client = RawClient.connect(site.server())) {
      for (int round = 0; round < 3; round++) {
        client.get("/take");
        SafeAsyncResponse held = site.take();
        Witness witness = Witness.of(held);
        for (int i = 0; i < 20; i++) {
          client.get("/echo?" + round + "." + i);
        }
        site.awaitWatching(1);
        witness.notNoticed();
        held.finish("held");
        assertThat(client.readResponse().body()).isEqualTo("held");
        for (int i = 0; i < 20; i++) {
          assertThat(client.readResponse().body()).isEqualTo("echo " + round + "." + i);
        }
        witness.completes();
      }
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void slowReaderOfALargeResponse_getsAllOfIt_G7_G8(Container container, Transport transport)
      throws Exception {
    byte[] large = new byte[transport == Transport.PLAIN ? 4 << 20 : 1 << 20];
    ThreadLocalRandom.current().nextBytes(large);
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport, WATCHED_AT_ONCE, app -> {});
        RawClient client =
            RawClient.connect(site.server(), socket -> socket.setReceiveBufferSize(8 << 10))) {
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(1);
      response.header("Content-Length", Integer.toString(large.length)).finish(large);
      skipHead(client);
      byte[] buffer = new byte[64 << 10];
      int at = 0;
      while (at < large.length) {
        int read = client.read(buffer);
        assertThat(read).isPositive();
        assertThat(buffer).startsWith(Arrays.copyOfRange(large, at, at + Math.min(read, 16)));
        at += read;
        LockSupport.parkNanos(2_000_000);
      }
      assertThat(at).isEqualTo(large.length);
      witness.completes();
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  /** The client's window is full meanwhile. */
  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void slowReaderOfALargeStream_getsAllOfIt_G7_G8(Container container, Transport transport)
      throws Exception {
    byte[] large = new byte[1 << 20];
    ThreadLocalRandom.current().nextBytes(large);
    try (Logs logs = Logs.capture();
        Site site = Site.start(container, transport, WATCHED_AT_ONCE, app -> {});
        Http2Client client = Http2Client.connect(site.server())) {
      Http2Exchange exchange = client.getUnread("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      site.awaitWatching(1);
      response.write(large);
      CompletionStage<Boolean> flushed = response.flush();
      assertThat(exchange.awaitStatus()).isEqualTo(200);
      witness.notNoticed();
      assertThat(flushed).isNotCompleted();
      exchange.read();
      assertThat(flushed).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(true);
      response.finish();
      assertThat(exchange.awaitEnd()).isEqualTo(RawResponse.End.COMPLETE);
      assertThat(exchange.bodyBytes()).isEqualTo(large);
      witness.completes();
      assertThat(client.get("/plain").awaitBody()).isEqualTo("plain");
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  private static void skipHead(RawClient client) throws IOException {
    while (!client.readLine().isEmpty()) {
      // the head
    }
  }

  /** The kernel's table then shows a standing connection where the old one was. */
  @ParameterizedTest
  @EveryContainer
  void portUsedAgain_theOldIsNoticedAndTheNewIsNot_G6_G7(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = Site.start(container);
        RawClient first = RawClient.connect(site.server(), socket -> reuse(socket, 0))) {
      RawClient client = first;
      for (int i = 0; i < 10; i++) {
        client.get("/take");
        Witness old = Witness.of(site.take());
        client.closeRst();
        int port = first.localPort();
        client = RawClient.connect(site.server(), socket -> reuse(socket, port));
        client.get("/take");
        SafeAsyncResponse response = site.take();
        Witness fresh = Witness.of(response);
        old.noticed(Evidence.RST);
        site.awaitWatching(1);
        response.finish("fresh");
        assertThat(client.readResponse().body()).isEqualTo("fresh");
        fresh.completes();
      }
      client.close();
      site.awaitWatching(0);
      logs.assertQuiet();
    }
  }

  private static void reuse(Socket socket, int port) throws IOException {
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress("127.0.0.1", port));
  }
}
