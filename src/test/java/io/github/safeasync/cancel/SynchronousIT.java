package io.github.safeasync.cancel;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Http2Client;
import io.github.safeasync.testkit.Http2Exchange;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.VirtualThreads;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.logging.LogRecord;
import org.junit.jupiter.params.ParameterizedTest;

/** {@code watch=sync}: a servlet that blocks is interrupted with its client's hang-up. */
class SynchronousIT {

  private static final Map<String, String> SYNC = Map.of("watch", "sync");

  /** More with {@code -Dsafeasync.races}. */
  private static final int RACES = Integer.getInteger("safeasync.races", 1000);

  private static final int RACING_CLIENTS = 16;

  private final LinkedBlockingQueue<Thread> blocked = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> outcomes = new LinkedBlockingQueue<>();
  private final CountDownLatch release = new CountDownLatch(1);

  private void block(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    String policy = request.getParameter("policy");
    if (policy != null) {
      request.setAttribute(CancelPolicy.ATTRIBUTE, CancelPolicy.valueOf(policy));
    }
    blocked.add(Thread.currentThread());
    try {
      outcomes.add(release.await(30, TimeUnit.SECONDS) ? "released" : "timed out");
      response.getWriter().write("done");
    } catch (InterruptedException e) {
      outcomes.add("interrupted");
      throw new ServletException(e);
    }
  }

  private TestServer start(
      Container container,
      Transport transport,
      Map<String, String> parameters,
      Consumer<TestApplication> more)
      throws Exception {
    return container.start(
        transport,
        application -> {
          application
              .filter(new SafeAsyncFilter(), parameters)
              .handler("/block", this::block)
              .handler("/plain", (in, out) -> out.getWriter().write("plain"));
          more.accept(application);
        });
  }

  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS12, Transport.TLS13})
  void blockedServlet_isInterrupted_quietly_G9_G12(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.capture();
        TestServer server = start(container, transport, SYNC, it -> {})) {
      hangUpWhileBlocked(server, "GET");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
      plainWorks(server);
      logs.assertQuiet();
      await().until(() -> logs.ofLibrary().stream().anyMatch(SynchronousIT::isOfTheHangUp));
    }
  }

  private static boolean isOfTheHangUp(LogRecord each) {
    return each.getMessage().startsWith("The client has gone");
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void blockedServlet_isInterrupted_whenItsHttp2ConnectionEnds_G9(
      Container container, Transport transport) throws Exception {
    try (TestServer server = start(container, transport, SYNC, it -> {});
        Http2Client client = Http2Client.connect(server)) {
      client.get("/block");
      assertThat(blocked.poll(10, SECONDS)).isNotNull();
      client.closeRst();
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
    }
  }

  @ParameterizedTest
  @EveryTransport({Transport.H2C, Transport.H2})
  void blockedServlet_isInterrupted_whenItsHttp2StreamIsReset_G9(
      Container container, Transport transport) throws Exception {
    try (TestServer server = start(container, transport, SYNC, it -> {});
        Http2Client client = Http2Client.connect(server)) {
      Http2Exchange exchange = client.get("/block");
      assertThat(blocked.poll(10, SECONDS)).isNotNull();
      exchange.reset();
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
    }
  }

  private Thread hangUpWhileBlocked(TestServer server, String method) throws Exception {
    return hangUpWhileBlocked(server, method, "/block");
  }

  private Thread hangUpWhileBlocked(TestServer server, String method, String path)
      throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      client.send(
          method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
      Thread thread = blocked.poll(10, SECONDS);
      assertThat(thread).isNotNull();
      return thread;
    }
  }

  private static void plainWorks(TestServer server) throws Exception {
    try (RawClient client = RawClient.connect(server)) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void withoutOptIn_andForAPost_isNotInterrupted(Container container) throws Exception {
    for (Map<String, String> parameters : List.of(Map.<String, String>of(), SYNC)) {
      try (Logs logs = Logs.swallow(); // the containers log what the servlet throws
          TestServer server = start(container, Transport.PLAIN, parameters, it -> {})) {
        Thread thread = hangUpWhileBlocked(server, parameters.isEmpty() ? "GET" : "POST");
        // Longer than an interrupt takes; a late one would show in the outcome.
        await().during(300, TimeUnit.MILLISECONDS).until(() -> !thread.isInterrupted());
        assertThat(outcomes).isEmpty();
        thread.interrupt();
        assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
      }
    }
  }

  @ParameterizedTest
  @EveryContainer
  void always_interruptsAPost_andTheGraceIsWaitedFor(Container container) throws Exception {
    Map<String, String> parameters =
        Map.of("watch", "sync", "cancel", "always", "cancel-after", "400");
    try (TestServer server = start(container, Transport.PLAIN, parameters, it -> {})) {
      long start = System.nanoTime();
      hangUpWhileBlocked(server, "POST");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
      assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(400));
    }
  }

  @ParameterizedTest
  @EveryContainer
  void requestsOwnPolicy_takesThePlaceOfTheFilters_G9(Container container) throws Exception {
    try (Logs logs = Logs.swallow(); // the containers log what the servlet throws
        TestServer server = start(container, Transport.PLAIN, SYNC, it -> {})) {
      hangUpWhileBlocked(server, "POST", "/block?policy=ALWAYS");
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("interrupted");
      Thread spared = hangUpWhileBlocked(server, "GET", "/block?policy=NEVER");
      // Longer than an interrupt takes; a late one would show in the outcome.
      await().during(300, TimeUnit.MILLISECONDS).until(() -> !spared.isInterrupted());
      assertThat(outcomes).isEmpty();
      release.countDown();
      assertThat(outcomes.poll(10, SECONDS)).isEqualTo("released");
    }
  }

  @ParameterizedTest
  @EveryContainer
  void virtualThread_blockedInSleep_isInterrupted(Container container) throws Exception {
    assumeTrue(VirtualThreads.areAvailable(), "there are no virtual threads before JDK 21");
    CompletableFuture<Boolean> virtual = new CompletableFuture<>();
    CompletableFuture<String> slept = new CompletableFuture<>();
    try (TestServer server =
        start(
            container,
            Transport.PLAIN,
            SYNC,
            application -> {
              VirtualThreads.serve(application);
              application.handler(
                  "/sleep",
                  (in, out) -> {
                    virtual.complete(VirtualThreads.isVirtual(Thread.currentThread()));
                    try {
                      Thread.sleep(30_000);
                      slept.complete("slept");
                    } catch (InterruptedException e) {
                      slept.complete("interrupted");
                      throw new ServletException(e);
                    }
                  });
            })) {
      try (RawClient client = RawClient.connect(server)) {
        client.get("/sleep");
        assertThat(virtual.get(10, SECONDS)).as("served by a virtual thread").isTrue();
      }
      assertThat(slept.get(10, SECONDS)).isEqualTo("interrupted");
    }
  }

  /** Clients that leave at about the moment of the answer: no interrupt reaches another request. */
  @ParameterizedTest
  @EveryContainer
  void requestsRacedByHangUps_leaveNoStrayInterrupt_G9(Container container) throws Exception {
    AtomicInteger stray = new AtomicInteger();
    AtomicInteger interrupted = new AtomicInteger();
    Map<String, CountDownLatch> served = new ConcurrentHashMap<>();
    Handler race =
        (in, out) -> {
          long until = System.nanoTime() + Long.parseLong(in.getParameter("nanos"));
          while (System.nanoTime() < until && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(until - System.nanoTime());
          }
          interrupted.addAndGet(Thread.currentThread().isInterrupted() ? 1 : 0);
          served.get(in.getParameter("id")).countDown();
        };
    try (TestServer server =
        start(
            container,
            Transport.PLAIN,
            Map.of("watch", "sync", "detect-after", "0"),
            application ->
                application.listener(new StrayInterrupts(stray)).handler("/race", race))) {
      ExecutorService clients = Executors.newFixedThreadPool(RACING_CLIENTS);
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < RACES; i++) {
        String id = String.valueOf(i);
        // Most end at about the time of the interrupt; some wait for it, however busy the machine.
        long millis = i % 50 == 0 ? 10_000 : 2 + i % 20 * 4;
        String path = "/race?id=" + id + "&nanos=" + millis * 1_000_000;
        served.put(id, new CountDownLatch(1));
        all.add(
            clients.submit(
                () -> {
                  try (RawClient client = RawClient.connect(server)) {
                    client.get(path);
                  }
                  assertThat(served.get(id).await(20, SECONDS)).isTrue();
                  return null;
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
      clients.shutdown();
      plainWorks(server);
    }
    System.out.printf(
        "%s: %d requests raced, %d interrupted in time, %d stray interrupts%n",
        container, RACES, interrupted.get(), stray.get());
    assertThat(stray).hasValue(0);
    assertThat(interrupted.get()).isGreaterThanOrEqualTo(RACES / 50);
  }

  /** Looks at each thread as a request begins and ends. */
  private record StrayInterrupts(AtomicInteger count)
      implements jakarta.servlet.ServletRequestListener {

    @Override
    public void requestInitialized(jakarta.servlet.ServletRequestEvent event) {
      look();
    }

    @Override
    public void requestDestroyed(jakarta.servlet.ServletRequestEvent event) {
      look();
    }

    private void look() {
      if (Thread.interrupted()) {
        count.incrementAndGet();
      }
    }
  }
}
