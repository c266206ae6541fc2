package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Transport;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.http.HttpServletRequest;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.stream.Stream;

/**
 * A server that runs short of something while requests are pending, in a JVM of its own: clients
 * leave, others ask, and all of them are told, while it lasts or when it is over.
 */
public final class StarvedServer {

  private static final int CLIENTS = 6;
  private static final int TIMEOUT_MILLIS = 500;

  /** More than are needed, so that no container wants another one; all that Undertow may have. */
  private static final int THREADS = 16;

  private static final Duration SLOW = Duration.ofSeconds(30);
  private static final CyclicBarrier MEETING = new CyclicBarrier(THREADS);

  /** Told of each request that has left, or timed out. */
  private static final class Told {
    private final AtomicInteger ends = new AtomicInteger();
    private final SafeAsyncResponse response;

    Told(SafeAsyncResponse response) {
      this.response = response;
      response.onEnd(end -> ends.incrementAndGet());
    }

    void onceOf(End.Kind kind) throws Exception {
      assertThat(Site.endOf(response).kind()).isEqualTo(kind);
      Sound.await().untilAsserted(() -> assertThat(ends).hasValue(1));
    }
  }

  private static final AtomicInteger TIMED_OUT = new AtomicInteger();
  private static final AtomicInteger COMPLETED = new AtomicInteger();

  private StarvedServer() {}

  /**
   * Says of each shortage what the library has warned of, and that it was borne.
   *
   * @param arguments the container's name, and the shortages' one after another
   */
  public static void main(String[] arguments) throws Exception {
    Container container = Container.valueOf(arguments[0]);
    Path file = Files.createTempFile("safe-async", ".txt");
    Shortage.DESCRIPTORS.prepare();
    try (Logs logs = Logs.swallow();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app ->
                    app.handler("/timed", (in, out) -> startTimed(in))
                        .handler("/file", (in, out) -> SafeAsyncResponse.of(in).send(file))
                        .handler("/meet", (in, out) -> meet()));
        Site unused =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app -> app.handler("/meet", (in, out) -> meet()))) {
      try {
        loadAll();
        for (String each : List.of(arguments).subList(1, arguments.length)) {
          logs.clear();
          play(site, unused, Shortage.valueOf(each), logs);
          logs.lines(Level.WARNING).forEach(line -> System.out.println(each + " warned: " + line));
          System.out.println(each + " borne");
        }
      } catch (Throwable failure) {
        failure.printStackTrace(System.out);
        logs.records().stream()
            .filter(each -> each.getLevel().intValue() > Level.INFO.intValue())
            .limit(30)
            .forEach(each -> System.out.println(each.getMessage() + " " + each.getThrown()));
        Runtime.getRuntime().halt(1);
      }
    }
    System.exit(0); // Containers' threads may stay for a while.
  }

  private static void startTimed(HttpServletRequest request) {
    AsyncContext context = request.startAsync();
    context.setTimeout(TIMEOUT_MILLIS);
    context.addListener(
        new DeafListener() {
          @Override
          public void onTimeout(AsyncEvent event) {
            TIMED_OUT.incrementAndGet();
          }

          @Override
          public void onComplete(AsyncEvent event) {
            COMPLETED.incrementAndGet();
          }
        });
  }

  private static void meet() {
    try {
      MEETING.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  /** So many threads of the container's are there afterwards, and idle. */
  private static void occupyThreads(Site site) throws Exception {
    List<RawClient> clients = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      clients.add(RawClient.connect(site.server()).readTimeout(SLOW).get("/meet"));
    }
    for (RawClient each : clients) {
      assertThat(each.readResponse().status()).isEqualTo(200);
      each.close();
    }
  }

  private static void play(Site site, Site unused, Shortage shortage, Logs logs) throws Exception {
    TIMED_OUT.set(0);
    COMPLETED.set(0);
    occupyThreads(site);
    occupyThreads(unused);
    Sound.goesOn(site, "the start");
    List<RawClient> idle = new ArrayList<>();
    List<RawClient> pending = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      idle.add(RawClient.connect(site.server()).get("/plain"));
      assertThat(idle.get(i).readResponse().body()).isEqualTo("plain");
      pending.add(RawClient.connect(site.server()));
    }
    List<Told> left = new ArrayList<>();
    for (RawClient client : pending) {
      left.add(new Told(take(site, client)));
    }
    Sound.await().until(() -> site.exchanges().scope().watching() == CLIENTS);
    RawClient first = RawClient.connect(unused.server()).get("/plain");
    assertThat(first.readResponse().body()).isEqualTo("plain");

    shortage.begin();
    try {
      for (int i = 0; i < CLIENTS - 1; i++) {
        leave(pending.get(i), i);
      }
      SafeAsyncResponse response = take(site, idle.get(0));
      response.finish("sound");
      assertThat(idle.get(0).readResponse().body()).isEqualTo("sound");
      left.add(new Told(take(site, idle.get(0))));
      leave(idle.get(0), 0);
      left.add(new Told(take(unused, first)));
      leave(first, 0);
      idle.get(1).get("/timed");
      if (shortage.hitsFiles()) {
        assertThat(idle.get(2).get("/file").readResponse().status()).isEqualTo(500);
      }
      if (shortage.isBorne()) {
        told(left, pending.get(CLIENTS - 1));
        timedOut();
      } else {
        TimeUnit.MILLISECONDS.sleep(2 * TIMEOUT_MILLIS);
        Sound.await().until(() -> !logs.lines(Level.WARNING).isEmpty());
      }
    } finally {
      shortage.end();
    }

    told(left, pending.get(CLIENTS - 1));
    timedOut();
    Sound.hears(idle.get(1), shortage);
    left.get(CLIENTS - 1).response.finish("stayed");
    assertThat(pending.get(CLIENTS - 1).readResponse().body()).isEqualTo("stayed");
    left.get(CLIENTS - 1).onceOf(End.Kind.COMPLETED);
    assertThat(idle.get(3).get("/file").readResponse().status()).isEqualTo(200);
    Sound.goesOn(site, shortage);
    Sound.goesOn(unused, shortage);
    Sound.await().until(() -> site.exchanges().scope().watching() == 0);
  }

  private static void timedOut() {
    Sound.await()
        .untilAsserted(
            () -> {
              assertThat(TIMED_OUT).hasValue(1);
              assertThat(COMPLETED).hasValue(1);
            });
  }

  /** All but the one that stays. */
  private static void told(List<Told> left, RawClient staying) throws Exception {
    for (int i = 0; i < left.size(); i++) {
      if (i != CLIENTS - 1) {
        left.get(i).onceOf(End.Kind.DISCONNECTED);
      }
    }
    assertThat(left.get(CLIENTS - 1).response.isOpen()).as("%s stays", staying).isTrue();
  }

  private static SafeAsyncResponse take(Site site, RawClient client) throws Exception {
    client.get("/take");
    return site.take();
  }

  private static void leave(RawClient client, int how) throws IOException {
    if (how % 2 == 0) {
      client.closeRst();
    } else {
      client.closeFin();
    }
  }

  /** As from jars that are open: here classes lie in directories, and each opens a file. */
  private static void loadAll() throws Exception {
    for (String root : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (Files.isDirectory(Path.of(root))) {
        try (Stream<Path> classes = Files.walk(Path.of(root))) {
          classes
              .map(each -> Path.of(root).relativize(each).toString())
              .filter(name -> name.matches(".*safeasync/(internal|faults|testkit|[A-Z]).*[.]class"))
              .forEach(StarvedServer::load);
        }
      }
    }
  }

  private static void load(String file) {
    try {
      Class.forName(
          file.substring(0, file.length() - ".class".length()).replace('/', '.'),
          !file.contains("Test") && file.contains("internal"),
          StarvedServer.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      // Of a library that is not there, or a container's.
    }
  }
}
