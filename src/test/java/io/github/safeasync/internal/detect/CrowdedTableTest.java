package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.bench.Bystanders;
import io.github.safeasync.bench.WatcherCpu;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** G6 on a machine with many sockets of other processes, which stand in the same table. */
class CrowdedTableTest {

  private static final int SOCKETS = 4_000 * Tries.of(5);
  private static final long SHORTEST_NANOS = 4_000_000_000L;

  /** Twice what is promised. */
  private static final double MOST_PERCENT = 2;

  /** A reading is taken as often as a hundredth of a core allows; a FIN shows in the next one. */
  @Test
  void polledConnection_costsAHundredthOfACoreAtMost_andIsToldByTheNextReading_G6()
      throws Exception {
    List<Departure> gone = new CopyOnWriteArrayList<>();
    try (Bystanders unused = Bystanders.start(SOCKETS);
        Detector detector =
            Detector.start(DetectorSettings.DEFAULTS.withLayers(EnumSet.of(Layer.TABLE_POLLING)));
        Wire wire = Wire.open()) {
      HangUpWatch watch = detector.watch(wire.local(), wire.peer(), gone::add);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> detector.polls() > 2 && watch.detection() == Detection.POLL);
      long reading = readingNanos(wire);
      Duration some = Duration.ofNanos(Math.max(SHORTEST_NANOS, 3 * Scans.gapNanos(reading)));
      assertThat(WatcherCpu.percentDuring(some)).isLessThan(MOST_PERCENT);
      long closed = System.nanoTime();
      wire.finish();
      await().atMost(Duration.ofSeconds(60)).until(() -> !gone.isEmpty());
      assertThat(Duration.ofNanos(System.nanoTime() - closed))
          .isLessThan(Duration.ofNanos(3 * Scans.gapNanos(reading)).plusSeconds(3));
      assertThat(gone).extracting(Departure::evidence).containsExactly(Evidence.FIN);
    }
  }

  private static long readingNanos(Wire wire) {
    long start = System.nanoTime();
    try (SocketTable table = SocketTables.proc(() -> {})) {
      table.look(List.of(new TableEntry(Endpoints.of(wire.local(), wire.peer()))));
    }
    return System.nanoTime() - start;
  }
}
