package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import io.github.safeasync.testkit.Tries;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** G6 on a machine with many sockets of other processes, which stand in the same table. */
class CrowdedTableTest {

  /** Two sockets each; 20,000 of them in the long form. */
  private static final int PAIRS_OF_ONE = 2_000;

  private static final int OTHERS = Tries.of(5);
  private static final long SHORTEST_NANOS = 4_000_000_000L;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Another process, with connections to itself. */
  public static final class Other {

    private Other() {}

    public static void main(String[] arguments) throws IOException {
      List<Socket> held = new ArrayList<>();
      try (ServerSocket listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress())) {
        for (int i = 0; i < PAIRS_OF_ONE; i++) {
          held.add(new Socket(listener.getInetAddress(), listener.getLocalPort()));
          held.add(listener.accept());
        }
      }
      System.out.println(held.size());
      System.in.read();
    }

    static Process start() throws Exception {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-cp",
                  Path.of(Other.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                      .toString(),
                  Other.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertThat(process.getInputStream().read()).as("what it says once they stand").isPositive();
      return process;
    }
  }

  /** A reading is taken as often as a hundredth of a core allows; a FIN shows in the next one. */
  @Test
  void polledConnection_costsAHundredthOfACoreAtMost_andIsToldByTheNextReading_G6()
      throws Exception {
    List<Process> others = new ArrayList<>();
    List<Departure> gone = new CopyOnWriteArrayList<>();
    try (Detector detector =
            Detector.start(DetectorSettings.DEFAULTS.withLayers(EnumSet.of(Layer.TABLE_POLLING)));
        Wire wire = Wire.open()) {
      for (int i = 0; i < OTHERS; i++) {
        others.add(Other.start());
      }
      HangUpWatch watch = detector.watch(wire.local(), wire.peer(), gone::add);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> detector.polls() > 2 && watch.detection() == Detection.POLL);
      long reading = readingNanos(wire);
      double share = shareOfACore(Math.max(SHORTEST_NANOS, 3 * Scans.gapNanos(reading)));
      assertThat(share).as("of a core, twice what is promised").isLessThan(0.02);
      long closed = System.nanoTime();
      wire.finish();
      await().atMost(Duration.ofSeconds(60)).until(() -> !gone.isEmpty());
      assertThat(Duration.ofNanos(System.nanoTime() - closed))
          .isLessThan(Duration.ofNanos(3 * Scans.gapNanos(reading)).plusSeconds(3));
      assertThat(gone).extracting(Departure::evidence).containsExactly(Evidence.FIN);
    } finally {
      for (Process other : others) {
        other.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }
  }

  private static long readingNanos(Wire wire) {
    long start = System.nanoTime();
    try (SocketTable table = SocketTables.proc(() -> {})) {
      table.look(List.of(new TableEntry(Endpoints.of(wire.local(), wire.peer()))));
    }
    return System.nanoTime() - start;
  }

  private static double shareOfACore(long nanos) {
    Thread watcher = DetectorTest.watcherThreads().get(0);
    long before = THREADS.getThreadCpuTime(watcher.getId());
    LockSupport.parkNanos(nanos);
    return (double) (THREADS.getThreadCpuTime(watcher.getId()) - before) / nanos;
  }
}
