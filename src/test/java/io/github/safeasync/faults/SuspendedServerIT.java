package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.detection.ServerJvm;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Tries;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A server whose process the system has stopped for longer than its timeouts (SIGSTOP, as a
 * laptop's lid or a machine that is moved does it), while clients leave, come and read.
 */
class SuspendedServerIT {

  private static final Duration STOPPED = Duration.ofSeconds(Tries.areAll() ? 20 : 3);

  /** Until it is stopped each takes this much a millisecond or two: more than a buffer holds. */
  private static final int STEADY = 1 << 14;

  /** A client that reads all the time, more slowly than the server writes. */
  private static final class Reader extends Thread {
    private final RawClient client;
    private final CountDownLatch reads = new CountDownLatch(50);
    private volatile boolean inHaste;
    private long read;

    Reader(RawClient client) {
      super("reader");
      this.client = client;
      setDaemon(true);
    }

    @Override
    public void run() {
      byte[] buffer = new byte[STEADY];
      try {
        for (int length; (length = client.read(buffer)) > 0; ) {
          read += length;
          reads.countDown();
          if (!inHaste) {
            TimeUnit.MILLISECONDS.sleep(2);
          }
          if (read > SuspendedServer.LARGE) {
            return;
          }
        }
      } catch (IOException | InterruptedException e) {
        System.out.println("A reader has ended after " + read + " bytes: " + e);
      }
    }
  }

  private final Queue<String> said = new ConcurrentLinkedQueue<>();
  private final List<RawClient> clients = new ArrayList<>();
  private Process server;
  private int port;

  private void start(Container container) throws Exception {
    server =
        ServerJvm.command(
                List.of(),
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"),
                System.getProperty("java.class.path"),
                SuspendedServer.class,
                List.of(container.name()))
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    Thread listening = new Thread(() -> output.lines().forEach(said::add), "listening");
    listening.setDaemon(true);
    listening.start();
    Sound.await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> said.stream().anyMatch(line -> line.startsWith("port ")));
    String line = said.stream().filter(each -> each.startsWith("port ")).findAny().orElseThrow();
    port = Integer.parseInt(line.substring("port ".length()));
  }

  private void signal(String name) throws Exception {
    // The shell's own: the program of this name is not everywhere.
    String command = "kill -" + name + " " + server.pid();
    assertThat(new ProcessBuilder("sh", "-c", command).start().waitFor()).as(command).isZero();
  }

  private RawClient get(String path) throws IOException {
    RawClient client = RawClient.connect(port).readTimeout(STOPPED.plusSeconds(20)).get(path);
    clients.add(client);
    return client;
  }

  private String state() throws IOException {
    try (RawClient client = RawClient.connect(port)) {
      return client.get("/state").readResponse().body();
    }
  }

  private List<String> endsOf(String name) {
    return said.stream().filter(line -> line.startsWith("end " + name + " ")).toList();
  }

  private void ends(String name, String... kinds) {
    Sound.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(endsOf(name)).isNotEmpty());
    assertThat(endsOf(name)).singleElement().asString().endsWith(name + " " + kinds[0]);
  }

  @ParameterizedTest
  @EveryContainer
  void whoHasLeftIsToldOnce_andNobodyElse_G2_G6_G7(Container container) throws Exception {
    try {
      start(container);
      for (int i = 0; i < 3; i++) {
        get("/pending?rst" + i);
        get("/pending?fin" + i);
        get("/pending?stays" + i);
      }
      List<Reader> readers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        readers.add(new Reader(get("/large?reads" + i)));
      }
      readers.forEach(Thread::start);
      for (Reader each : readers) {
        assertThat(each.reads.await(20, TimeUnit.SECONDS)).isTrue();
      }
      Sound.await().untilAsserted(() -> assertThat(state()).contains(" 13 watched"));
      RawClient timed = get("/timed?late");
      Sound.await().until(() -> said.contains("begun late"));

      signal("STOP");
      for (int i = 0; i < 3; i++) {
        clients.get(3 * i).closeRst();
        clients.get(3 * i + 1).closeFin();
      }
      RawClient comes = get("/plain");
      TimeUnit.MILLISECONDS.sleep(STOPPED.toMillis());
      signal("CONT");

      assertThat(comes.readResponse().body()).isEqualTo("plain");
      for (int i = 0; i < 3; i++) {
        ends("rst" + i, "DISCONNECTED");
        ends("fin" + i, "DISCONNECTED");
      }
      assertThat(timed.readResponse().status()).isGreaterThanOrEqualTo(500);
      ends("late", "TIMED_OUT");
      for (Reader each : readers) {
        each.inHaste = true;
        each.join(60_000);
        assertThat(each.read).isGreaterThan(SuspendedServer.LARGE);
      }
      for (int i = 0; i < readers.size(); i++) {
        ends("reads" + i, "COMPLETED");
      }
      assertThat(said).noneMatch(line -> line.contains("stays"));
      get("/finish").readResponse();
      for (int i = 0; i < 3; i++) {
        assertThat(clients.get(3 * i + 2).readResponse().body()).isEqualTo("stayed");
        ends("stays" + i, "COMPLETED");
      }
      Sound.await()
          .untilAsserted(() -> assertThat(state()).isEqualTo("0 open, 0 watched, warned: []"));
    } finally {
      for (RawClient each : clients) {
        each.close();
      }
      if (server != null) {
        server.destroyForcibly().waitFor();
      }
    }
  }
}
