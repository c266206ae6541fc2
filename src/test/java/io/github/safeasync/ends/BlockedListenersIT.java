package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.response.SlowReader;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.EveryTransport;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import io.github.safeasync.testkit.Witness;
import io.undertow.Undertow;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Listeners of an application that block delay their own exchange and no other. On the raw
 * container such a listener has a thread of the container's, of which there are some two hundred.
 */
class BlockedListenersIT {

  /** More than any pool of the library has threads at rest. */
  private static final int BLOCKED = 24;

  /** Enough for a client to come, leave and be noticed, on a busy machine too. */
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static final Duration FEW_SECONDS = Duration.ofSeconds(BLOCKED / 8);

  private static final byte[] BLOCK = new byte[16 * 1024];

  private static final SafeAsyncConfig SHORT = SafeAsyncConfig.builder().timeout(TIMEOUT).build();

  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger out = new AtomicInteger();
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final List<String> threads = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> ready = new LinkedBlockingQueue<>();

  /** Blocks as an application does that waits for a database. */
  private void block() {
    threads.add(Thread.currentThread().getName());
    inside.incrementAndGet();
    try {
      if (!release.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("The test did not release it");
      }
      out.incrementAndGet();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Blocking extends DeafListener {

    @Override
    public void onError(AsyncEvent event) {
      block();
    }
  }

  private final class Recording extends DeafListener {

    @Override
    public void onError(AsyncEvent event) {
      heard.add("onError");
    }

    @Override
    public void onComplete(AsyncEvent event) {
      heard.add("onComplete");
    }
  }

  private final class BlockingWriter implements WriteListener {

    @Override
    public void onWritePossible() {}

    @Override
    public void onError(Throwable failure) {
      block();
    }
  }

  /** Lets a client's hang-up block its exchange in one of the ways an application has. */
  private void blocked(HttpServletRequest request, HttpServletResponse raw) throws IOException {
    String how = request.getParameter("how");
    if (how.equals("onError") || how.equals("writeListener")) {
      AsyncContext context = request.startAsync();
      context.setTimeout(0);
      if (how.equals("onError")) {
        context.addListener(new Blocking());
      } else {
        ServletOutputStream stream = raw.getOutputStream();
        stream.setWriteListener(new BlockingWriter());
      }
    } else {
      SafeAsyncResponse response = SafeAsyncResponse.of(request);
      switch (how) {
        case "onDisconnect" -> response.onDisconnect(gone -> block());
        case "onEnd" -> response.onEnd(end -> block());
        case "stage" -> response.end().thenAccept(end -> block());
        case "cancel" -> response.cancelOnDisconnect((AutoCloseable) this::block);
        default -> throw new IllegalArgumentException(how);
      }
    }
    ready.add(how);
  }

  private Site start(Container container, SafeAsyncConfig config) throws Exception {
    return Site.start(
        container,
        Transport.PLAIN,
        config,
        application ->
            application
                .handler("/block", this::blocked)
                .handler(
                    "/listen",
                    (in, response) -> {
                      AsyncContext context = in.startAsync();
                      context.setTimeout(0);
                      context.addListener(new Recording());
                      ready.add("listen");
                    }));
  }

  private void blockAll(Site site, String... ways) throws Exception {
    for (String how : ways) {
      for (int i = 0; i < BLOCKED; i++) {
        hangUp(site, how);
      }
    }
    int clients = ways.length * BLOCKED;
    Witness.await().atMost(Witness.SOON_IN_THE_TABLE).until(() -> inside.get() == clients);
  }

  /** At once, as nothing is called of an exchange whose time is over by then. */
  private void hangUp(Site site, String how) throws Exception {
    RawClient client = RawClient.connect(site.server()).get("/block?how=" + how);
    awaitReady(1);
    client.closeRst();
  }

  private void awaitReady(int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      assertThat(ready.poll(Site.PATIENCE_SECONDS, TimeUnit.SECONDS)).isNotNull();
    }
  }

  /**
   * Of other exchanges everything goes its way: timeouts, answers, hang-ups and who hears of it.
   */
  private void othersGoOn(Site site) throws Exception {
    try (RawClient answered = RawClient.connect(site.server()).get("/take")) {
      site.take().finish("answered");
      assertThat(answered.readResponse().body()).isEqualTo("answered");
    }
    try (RawClient late = RawClient.connect(site.server()).get("/take")) {
      SafeAsyncResponse response = site.take();
      assertThat(late.readResponse().status()).isEqualTo(503);
      assertThat(Site.endOf(response).kind()).isEqualTo(End.Kind.TIMED_OUT);
    }
    RawClient listened = RawClient.connect(site.server()).get("/listen");
    awaitReady(1);
    listened.closeRst();
    Witness.await().atMost(Witness.SOON_IN_THE_TABLE).until(() -> heard.size() == 2);
    assertThat(heard).containsExactly("onError", "onComplete");
    heard.clear();
  }

  @ParameterizedTest
  @EveryContainer
  void blockedListenersOfEveryKind_delayNoOtherExchange_G13(Container container) throws Exception {
    try (Logs logs = Logs.capture();
        Site site = start(container, SHORT)) {
      blockAll(site, "onError", "writeListener", "onDisconnect", "onEnd", "stage", "cancel");
      othersGoOn(site);
      release.countDown();
      Witness.await().atMost(Witness.SOON).until(() -> out.get() == inside.get());
      Witness.await().atMost(Witness.SOON).until(() -> site.exchanges().size() == 0);
      logs.assertQuiet();
    } finally {
      release.countDown();
    }
  }

  /** Waits for its client to take what was written, for ever. */
  private void fill(HttpServletRequest request, HttpServletResponse raw) throws IOException {
    AsyncContext context = request.startAsync();
    context.setTimeout(0);
    context.addListener(new Blocking());
    ServletOutputStream stream = raw.getOutputStream();
    stream.setWriteListener(
        new WriteListener() {
          private boolean full;

          @Override
          public void onWritePossible() throws IOException {
            while (stream.isReady()) {
              stream.write(BLOCK);
            }
            // It may be called again, as the socket takes a little more.
            if (!full) {
              full = true;
              ready.add("full");
            }
          }

          @Override
          public void onError(Throwable failure) {}
        });
  }

  /** One thread of Undertow's reads and writes all connections, and calls each WriteListener. */
  @ParameterizedTest
  @EveryTransport({Transport.PLAIN, Transport.TLS13, Transport.H2C})
  void blockedListener_holdsNoThreadOfTheNetwork_G13(Container container, Transport transport)
      throws Exception {
    try (Logs logs = Logs.swallow();
        TestServer server =
            container.start(
                transport,
                application ->
                    application
                        .customize(Undertow.Builder.class, builder -> builder.setIoThreads(1))
                        .filter(new SafeAsyncFilter())
                        .handler("/fill", this::fill)
                        .handler("/plain", (in, out) -> out.getWriter().write("plain")))) {
      List<SlowReader> clients = new ArrayList<>();
      for (int i = 0; i < BLOCKED; i++) {
        clients.add(SlowReader.open(server, "/fill"));
      }
      awaitReady(BLOCKED);
      for (SlowReader each : clients) {
        each.close();
      }
      Witness.await().atMost(Witness.SOON_IN_THE_TABLE).until(() -> inside.get() == BLOCKED);
      long start = System.nanoTime();
      try (SlowReader other = SlowReader.open(server, "/plain")) {
        assertThat(other.read().bytes()).asString().isEqualTo("plain");
      }
      // Not the second that each of them would be waited for.
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(FEW_SECONDS);
      release.countDown();
    } finally {
      release.countDown();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void blockedExecutorOfTheApplication_delaysNoEnd_G13(Container container) throws Exception {
    ThreadPoolExecutor two =
        new ThreadPoolExecutor(2, 2, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    try (Site site = start(container, with(two))) {
      hangUp(site, "onError");
      hangUp(site, "onDisconnect");
      RawClient listened = RawClient.connect(site.server()).get("/listen");
      awaitReady(1);
      Witness.await().atMost(Witness.SOON_IN_THE_TABLE).until(() -> inside.get() == 2);
      try (RawClient late = RawClient.connect(site.server()).get("/take")) {
        assertThat(late.readResponse().status()).isEqualTo(503);
      }
      // Its listener waits for the executor; the container's side does not.
      listened.closeRst();
      Witness.await().atMost(Witness.SOON_IN_THE_TABLE).until(() -> site.exchanges().size() == 1);
      if (!container.isTomcat()) {
        // Tomcat may have told it on a thread of its own, as it does without the filter.
        assertThat(heard).isEmpty();
      }
      release.countDown();
      Witness.await().atMost(Witness.SOON).until(() -> heard.size() == 2);
      assertThat(heard).containsExactly("onError", "onComplete");
    } finally {
      release.countDown();
      two.shutdownNow();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void rejectingExecutor_losesNoCallback_andBlocksNothing_G13(Container container)
      throws Exception {
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
    try (Logs logs = Logs.swallow();
        Site site = start(container, with(one))) {
      blockAll(site, "onError", "onDisconnect");
      // The watcher, the timer, and the I/O threads of Jetty, Tomcat and Undertow.
      assertThat(threads)
          .noneMatch(name -> name.matches(".*(watcher|timer|selector|Poller|I/O).*"));
      othersGoOn(site);
      assertThat(logs.lines(Level.WARNING))
          .filteredOn(line -> line.contains("executor"))
          .hasSize(1);
      release.countDown();
    } finally {
      release.countDown();
      one.shutdownNow();
    }
  }

  private static SafeAsyncConfig with(Executor executor) {
    return SafeAsyncConfig.builder().timeout(TIMEOUT).executor(executor).build();
  }
}
