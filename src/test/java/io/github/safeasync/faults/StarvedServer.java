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
import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Level;
import java.util.stream.Stream;

/**
 * A server that runs short of something while requests are pending, in a JVM of its own: clients
 * leave, others ask, and all of them are told, while it lasts or when it is over.
 */
public final class StarvedServer {

  private static final int CLIENTS = 6;
  private static final int TIMEOUT_MILLIS = 500;

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
    try (Logs logs = Logs.swallow();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app ->
                    app.handler("/timed", (in, out) -> startTimed(in))
                        .handler("/file", (in, out) -> SafeAsyncResponse.of(in).send(file)));
        Site unused = Site.start(container)) {
      try {
        Sound.goesOn(site, "the start");
        loadAll();
        for (String each : List.of(arguments).subList(1, arguments.length)) {
          logs.clear();
          play(site, unused, Shortage.valueOf(each));
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

  private static void play(Site site, Site unused, Shortage shortage) throws Exception {
    TIMED_OUT.set(0);
    COMPLETED.set(0);
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
    site.awaitWatching(CLIENTS);
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
    assertThat(site.exchanges().scope().watching()).isZero();
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

  /** What is short. */
  enum Shortage {
    /**
     * There is no room for the stack of another one. First, as one filter has none of its own yet.
     */
    THREADS {
      private final List<Thread> held = new ArrayList<>();

      @Override
      void begin() {
        try {
          while (true) {
            Thread sleeper = new Thread(Shortage::sleep, "sleeper");
            sleeper.setDaemon(true);
            sleeper.start();
            held.add(sleeper);
          }
        } catch (OutOfMemoryError none) {
          System.out.println(held.size() + " threads: " + none.getMessage());
        }
      }

      @Override
      void end() throws Exception {
        for (Thread each : held) {
          each.interrupt();
          each.join();
        }
      }
    },
    /** Each one that comes free is taken at once. */
    DESCRIPTORS {
      private final List<Closeable> held = new ArrayList<>();
      private final CountDownLatch first = new CountDownLatch(1);
      private volatile boolean over;
      private Thread taker;

      private void take() {
        while (!over) {
          try {
            held.add(new FileInputStream("/dev/null"));
          } catch (IOException none) {
            first.countDown();
            LockSupport.parkNanos(200_000);
          }
        }
      }

      @Override
      void begin() throws Exception {
        taker = new Thread(this::take, "taker");
        taker.start();
        assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
      }

      @Override
      void end() throws Exception {
        over = true;
        taker.join();
        for (Closeable each : held) {
          each.close();
        }
      }

      @Override
      boolean hitsFiles() {
        return true;
      }

      @Override
      boolean isBorne() {
        return true;
      }
    },
    /** The file system is hidden behind an empty one. */
    PROC {
      private Process shell;

      private void run(String command) throws IOException {
        if (shell == null) {
          shell = new ProcessBuilder("sh").redirectErrorStream(true).start();
        }
        shell
            .getOutputStream()
            .write((command + "; echo $?\n").getBytes(StandardCharsets.US_ASCII));
        shell.getOutputStream().flush();
        assertThat(shell.getInputStream().read()).as(command).isEqualTo('0');
        assertThat(shell.getInputStream().read()).isEqualTo('\n');
      }

      @Override
      void begin() throws Exception {
        run("mount -t tmpfs none /proc");
        assertThat(Files.exists(Path.of("/proc/self"))).isFalse();
      }

      @Override
      void end() throws Exception {
        run("umount /proc");
        shell.destroy();
      }

      @Override
      boolean isBorne() {
        return true;
      }
    };

    abstract void begin() throws Exception;

    abstract void end() throws Exception;

    /** Whether a file cannot be opened. */
    boolean hitsFiles() {
      return false;
    }

    /** Whether those who have left are told while it lasts. */
    boolean isBorne() {
      return false;
    }

    private static void sleep() {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException over) {
        // As it should be.
      }
    }
  }
}
