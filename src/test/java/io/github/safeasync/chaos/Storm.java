package io.github.safeasync.chaos;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestApplication;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.catalina.connector.Connector;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** Many clients at once, of whom half leave, each in its own way; drawn from a seed. */
final class Storm {

  private static final int VISITORS = 24;

  /** Until everything that is made once has been made. */
  private static final int FIRST = 50;

  /** Between two looks at a storm that goes on. */
  private static final int BATCH = 1_000;

  /** How many come while the application is taken away from under them. */
  private static final int LAST = 100;

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final Container container;
  private final Transport transport;
  private final long seed;
  private final boolean filtered;
  private final boolean unchanged;
  private final Work work = new Work();
  private final Ledger ledger = new Ledger(work);
  private final Map<Zone, SafeAsyncFilter> filters = new EnumMap<>(Zone.class);
  private final AtomicInteger next = new AtomicInteger();

  /**
   * Prepares one.
   *
   * @param filtered whether the library's filter is there
   * @param unchanged whether all applications know the Servlet API alone
   */
  Storm(Container container, Transport transport, long seed, boolean filtered, boolean unchanged) {
    this.container = container;
    this.transport = transport;
    this.seed = seed;
    this.filtered = filtered;
    this.unchanged = unchanged;
    if (filtered) {
      for (Zone zone : Zone.values()) {
        filters.put(zone, SafeAsyncFilter.create(zone.config(work::execute)));
      }
    }
  }

  Ledger ledger() {
    return ledger;
  }

  /** How many have begun. */
  int exchanges() {
    return next.get();
  }

  /** Returns what came of it, in one line. */
  String run(int count) throws Exception {
    warmUp();
    long began = System.nanoTime();
    Remains before = Remains.now();
    try (Complaints complaints = new Complaints(ledger)) {
      Probe probe;
      try (TestServer server = container.start(transport, this::deploy)) {
        visit(server, Math.min(FIRST, count));
        awaitRest();
        Remains atRest = Remains.now();
        probe = Probe.start(server, ledger);
        visit(server, count);
        probe.close();
        awaitRest();
        require("open exchanges", () -> sum(filter -> filter.stats().open()));
        require("watched connections", () -> sum(filter -> filter.stats().watched()));
        require("pending bytes", () -> sum(filter -> filter.stats().pendingBytes()));
        require("sockets in CLOSE_WAIT", () -> Remains.closeWaits(server.port()));
        require("registrations with selectors", () -> Math.max(0, atRest.registeredSince()));
        undeploy(server, count);
      }
      work.close();
      require("threads or descriptors", before::since, List::isEmpty);
      ledger.close();
      return told(began) + "; " + probe;
    } finally {
      work.close();
    }
  }

  /** What is done when all is at rest. */
  interface Look {
    void look() throws Exception;
  }

  /**
   * Goes on with one server for a time, in batches; returns what came of it, in one line.
   *
   * @param atRest is called after each of them
   */
  String last(Duration time, Look atRest) throws Exception {
    long began = System.nanoTime();
    try (Complaints complaints = new Complaints(ledger);
        TestServer server = container.start(transport, this::deploy)) {
      while (System.nanoTime() - began < time.toNanos()) {
        visit(server, next.get() + BATCH);
        awaitRest();
        require("open exchanges", () -> sum(filter -> filter.stats().open()));
        require("watched connections", () -> sum(filter -> filter.stats().watched()));
        require("pending bytes", () -> sum(filter -> filter.stats().pendingBytes()));
        atRest.look();
      }
    } finally {
      work.close();
    }
    ledger.close();
    return told(began);
  }

  private String told(long began) {
    return String.format(
        "%s %s %s, seed %d: %,d exchanges in %.1f s, %s; faults %s",
        container,
        transport,
        filtered ? "filtered" : "raw",
        seed,
        next.get(),
        (System.nanoTime() - began) / 1e9,
        ledger.ends(),
        ledger.faults());
  }

  /** Nobody need be answered meanwhile, and containers complain; but each exchange has its end. */
  private void undeploy(TestServer server, int count) throws Exception {
    ledger.tolerate(Set.of(Fault.NO_ANSWER, Fault.COMPLAINT));
    ExecutorService visitors = Executors.newSingleThreadExecutor();
    try {
      Future<Void> visited =
          visitors.submit(
              () -> {
                visit(server, count + LAST);
                return null;
              });
      Awaitility.await().atMost(PATIENCE).until(() -> next.get() >= count + LAST / 2);
      server.stopApplication();
      visited.get();
      awaitRest();
    } finally {
      visitors.shutdown();
    }
  }

  private interface Count {
    long of(SafeAsyncFilter filter);
  }

  private long sum(Count count) {
    return filters.values().stream().mapToLong(count::of).sum();
  }

  /** The JDK and the clients of HTTP/2 keep descriptors of their own from the first use on. */
  private void warmUp() throws Exception {
    Ledger unread = new Ledger(work);
    try (TestServer server = container.start(transport, app -> app.handler("/fast", Storm::fast))) {
      Probe.start(server, unread).close();
    }
  }

  private static void fast(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.getWriter().write(Probe.FAST);
  }

  /** Two threads of Tomcat's may read one HTTP/2 connection otherwise, and close it. */
  private static void readByOneThread(Connector connector) {
    connector.setProperty("useAsyncIO", "false");
  }

  private void deploy(TestApplication app) {
    app.customize(Connector.class, Storm::readByOneThread);
    filters.forEach(
        (zone, filter) ->
            app.filter(
                zone.name(),
                filter,
                Map.of(),
                true,
                EnumSet.allOf(DispatcherType.class),
                zone.path() + "/*"));
    for (Zone zone : Zone.values()) {
      app.handler(zone.path() + "/*", this::serve);
    }
    app.handler("/fast", Storm::fast)
        .handler("/page", this::page)
        .files(files())
        .errorPage(ServletApplications.ERROR, "/page");
  }

  /** The directory of the one file that is served as it is; it goes with the process. */
  private static Path files() {
    try {
      Path directory = Files.createTempDirectory("storm");
      directory.toFile().deleteOnExit();
      Path file = Files.writeString(directory.resolve(ServletApplications.FILE), Lines.FILE);
      file.toFile().deleteOnExit();
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve(HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    Entry entry = ledger.entry(numberOf(request.getRequestURI()));
    if (request.getDispatcherType() == DispatcherType.INCLUDE
        || request.getRequestURI().contains(ServletApplications.TARGET)) {
      target(entry, response);
    } else if (entry != null) {
      entry.served();
      entry.plan().kind().serve(entry, request, response);
    }
  }

  private static void target(Entry entry, HttpServletResponse response) throws IOException {
    if (entry != null) {
      ServletApplications.write(entry.plan(), response.getOutputStream());
    }
  }

  private void page(HttpServletRequest request, HttpServletResponse response) throws IOException {
    String path = (String) request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
    Entry entry = ledger.entry(numberOf(path));
    if (entry != null) {
      Work.attempt(entry, () -> target(entry, response));
    }
  }

  private static int numberOf(String path) {
    return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
  }

  /** Plays the exchanges up to a number. */
  private void visit(TestServer server, int end) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(VISITORS);
    try {
      List<Future<Void>> visitors =
          Stream.generate(() -> threads.submit(visits(server, end)))
              .limit(VISITORS)
              .collect(Collectors.toList());
      for (Future<Void> visitor : visitors) {
        visitor.get();
      }
    } finally {
      threads.shutdown();
      threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private Callable<Void> visits(TestServer server, int end) {
    return () -> {
      try (Visitor visitor = Visitor.of(server)) {
        for (int i = take(end); i < end; i = take(end)) {
          visitor.visit(ledger.open(Plan.of(seed, i, transport, unchanged)));
        }
      }
      return null;
    };
  }

  private int take(int end) {
    return next.getAndUpdate(now -> Math.min(end, now + 1));
  }

  /** What does not come to rest is told of by the ledger. */
  private void awaitRest() {
    try {
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> !ledger.isWaiting() && !work.isPending());
    } catch (ConditionTimeoutException e) {
      ledger.found(Fault.LEFT_BEHIND, "not at rest: " + e.getMessage());
    }
  }

  private void require(String nothing, Callable<Long> count) throws Exception {
    require("", () -> count.call() + " " + nothing, found -> found.startsWith("0 "));
  }

  private <T> void require(String what, Callable<T> remains, Predicate<T> isNothing)
      throws Exception {
    try {
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(remains, isNothing::test);
    } catch (ConditionTimeoutException e) {
      ledger.found(Fault.LEFT_BEHIND, what + " " + remains.call());
    }
  }
}
