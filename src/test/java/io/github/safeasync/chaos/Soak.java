package io.github.safeasync.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.bench.WatcherCpu;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Transport;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * A storm on one server for minutes, {@code mvn -Psoak verify}: after each of its batches, when all
 * is at rest, heap, threads, descriptors and the watcher's share of a processor are looked at. None
 * of them grows. {@code -Dsoak.minutes=5} takes as long on all five containers together.
 */
class Soak {

  private static final long SEED = Long.getLong("safeasync.seed", 1);
  private static final int CONTAINERS = 5;
  private static final Duration TIME =
      Duration.ofMinutes(Long.getLong("safeasync.soak", 30)).dividedBy(CONTAINERS);

  private final Course heap = new Course("heap after collection", "MiB", 2);
  private final Course threads = new Course("threads", "", 5);
  private final Course descriptors = new Course("descriptors", "", 5);
  private final Course watcher = new Course("watcher", "% of a core", 1);
  private final List<Course> courses = List.of(heap, threads, descriptors, watcher);
  private final long began = System.nanoTime();
  private long before = began;
  private double watched = WatcherCpu.millis();

  private void look() throws Exception {
    long now = System.nanoTime();
    double minutes = (now - began) / 6e10;
    double millis = WatcherCpu.millis();
    watcher.add(minutes, (millis - watched) / (now - before) * 1e8);
    Remains remains = Remains.now();
    threads.add(minutes, remains.threads().size());
    descriptors.add(minutes, remains.descriptors());
    heap.add(minutes, heapAfterCollection());
    before = System.nanoTime();
    watched = WatcherCpu.millis();
  }

  private static double heapAfterCollection() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / 1048576.0;
  }

  @ParameterizedTest
  @EveryContainer
  void storm_forMinutes_growsNothing_G4_G8_G10_G11(Container container) throws Exception {
    Storm storm = new Storm(container, Transport.PLAIN, SEED, true, false);
    String told = storm.last(TIME, this::look);

    Path plot =
        Files.createDirectories(Path.of(System.getProperty("basedir", ""), "target", "soak"))
            .resolve(container + ".svg");
    String title = String.format("%s, seed %d, %,d exchanges", container, SEED, storm.exchanges());
    Files.writeString(plot, Course.plot(title, courses));
    System.out.println(told);
    System.out.print(storm.ledger().trace());
    courses.forEach(System.out::println);
    System.out.println(plot);
    assertThat(courses).allMatch(Course::isFlat);
    assertThat(storm.ledger().faults())
        .as("%s%n%s", told, storm.ledger().trace())
        .doesNotContainKeys(Fault.LEFT_BEHIND, Fault.FOREIGN_BYTES);
  }
}
