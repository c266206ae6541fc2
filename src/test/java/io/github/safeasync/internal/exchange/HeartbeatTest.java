package io.github.safeasync.internal.exchange;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.internal.body.Outbox;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static final int TRIES = 50_000;

  private final AtomicInteger arrived = new AtomicInteger();

  /** One that has not begun needs neither. */
  private static Heartbeat of(FilterScope scope, Outbox outbox) {
    return new Heartbeat("a test", scope, outbox, Duration.ofSeconds(1), ByteBuffer.allocate(1));
  }

  @Test
  void removeByTwoThreads_isTrueToOne() throws Exception {
    Heartbeat[] heartbeats =
        Stream.generate(() -> of(null, null)).limit(TRIES).toArray(Heartbeat[]::new);
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> one = two.submit(() -> removed(heartbeats));
      Future<Integer> other = two.submit(() -> removed(heartbeats));
      assertThat(one.get(60, SECONDS) + other.get(60, SECONDS)).isEqualTo(TRIES);
    } finally {
      two.shutdownNow();
    }
  }

  /** Each is removed by both at once: whoever is there first spins, for a while. */
  private int removed(Heartbeat[] heartbeats) {
    int removed = 0;
    for (int i = 0; i < heartbeats.length; i++) {
      arrived.incrementAndGet();
      for (int spins = 0; arrived.get() < 2 * (i + 1) && spins < 1_000_000; spins++) {
        Thread.onSpinWait();
      }
      removed += heartbeats[i].remove() ? 1 : 0;
    }
    return removed;
  }
}
