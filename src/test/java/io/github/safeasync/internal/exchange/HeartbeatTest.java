package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.internal.body.Outbox;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static final int TRIES = 2_000;

  /** One that has not begun needs neither. */
  private static Heartbeat of(FilterScope scope, Outbox outbox) {
    return new Heartbeat(scope, outbox, Duration.ofSeconds(1), ByteBuffer.allocate(1));
  }

  @Test
  void removeByTwoThreads_isTrueToOne() throws Exception {
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      CyclicBarrier together = new CyclicBarrier(2);
      for (int i = 0; i < TRIES; i++) {
        Heartbeat heartbeat = of(null, null);
        Future<Boolean> one = two.submit(() -> removed(heartbeat, together));
        Future<Boolean> other = two.submit(() -> removed(heartbeat, together));
        assertThat(one.get()).isNotEqualTo(other.get());
      }
    } finally {
      two.shutdownNow();
    }
  }

  private static boolean removed(Heartbeat heartbeat, CyclicBarrier together) throws Exception {
    together.await();
    return heartbeat.remove();
  }
}
