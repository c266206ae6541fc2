package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import io.github.safeasync.testkit.Tries;
import java.io.IOException;
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
import org.junit.jupiter.api.Test;

/** G6 on a machine with many sockets of other processes, which stand in the same table. */
class CrowdedTableTest {

  /** Two sockets each; 20,000 of them in the long form. */
  private static final int PAIRS_OF_ONE = 2_000;

  private static final int OTHERS = Tries.of(5);

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

  @Test
  void polledConnection_isToldBeforeThreeSecondsAreOver_G6() throws Exception {
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
          .atMost(Duration.ofSeconds(20))
          .until(() -> detector.polls() > 2 && watch.detection() == Detection.POLL);
      long closed = System.nanoTime();
      wire.finish();
      await().atMost(Duration.ofSeconds(20)).until(() -> !gone.isEmpty());
      assertThat(Duration.ofNanos(System.nanoTime() - closed)).isLessThan(Duration.ofSeconds(3));
      assertThat(gone).extracting(Departure::evidence).containsExactly(Evidence.FIN);
    } finally {
      for (Process other : others) {
        other.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }
  }
}
