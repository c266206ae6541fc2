package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Tries;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** G9: an interrupt reaches a thread only while it serves the request that it is meant for. */
class InterruptionTest {

  private static final int REQUESTS = Tries.of(100_000);

  @Test
  void interruptsOnce_andTakesItBack() {
    Interruption interruption = new Interruption(Thread.currentThread());
    assertThat(interruption.isInterrupted()).isFalse();
    assertThat(interruption.interrupt()).isTrue();
    assertThat(interruption.interrupt()).isFalse();
    assertThat(interruption.isInterrupted()).isTrue();
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    assertThat(interruption.finish()).isFalse();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void afterFinish_doesNothing() {
    Interruption interruption = new Interruption(Thread.currentThread());
    assertThat(interruption.finish()).isTrue();
    assertThat(interruption.finish()).isFalse();
    assertThat(interruption.interrupt()).isFalse();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void interruptOfSomebodyElse_isLeftAlone() {
    Interruption interruption = new Interruption(Thread.currentThread());
    Thread.currentThread().interrupt();
    assertThat(interruption.finish()).isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }

  /**
   * Requests on one thread of a pool, each raced by an interrupt that comes just before, while or
   * just after it ends: none is ever seen between two requests.
   */
  @Test
  void requestsRacedByInterrupts_leaveNoStrayOne_G9() throws Exception {
    Queue<Interruption> served = new ConcurrentLinkedQueue<>();
    AtomicInteger raced = new AtomicInteger();
    AtomicInteger delivered = new AtomicInteger();
    Thread detector =
        new Thread(
            () -> {
              while (raced.get() < REQUESTS) {
                Interruption next = served.poll();
                if (next != null) {
                  delivered.addAndGet(next.interrupt() ? 1 : 0);
                  raced.incrementAndGet();
                }
              }
            });
    detector.start();
    int stray = 0;
    int seen = 0;
    for (int request = 0; request < REQUESTS; request++) {
      while (request - raced.get() > 1) {
        Thread.onSpinWait();
      }
      Interruption interruption = new Interruption(Thread.currentThread());
      served.add(interruption);
      for (int work = request % 256; work > 0; work--) {
        Thread.onSpinWait();
      }
      seen += Thread.currentThread().isInterrupted() ? 1 : 0;
      interruption.finish();
      for (int look = 0; look < 8; look++) {
        stray += Thread.interrupted() ? 1 : 0;
      }
    }
    detector.join();
    stray += Thread.interrupted() ? 1 : 0;
    System.out.printf(
        "%,d requests raced: %,d interrupts delivered, %,d seen while working, %d stray%n",
        REQUESTS, delivered.get(), seen, stray);
    assertThat(stray).isZero();
    assertThat(delivered.get()).as("interrupts that came in time").isPositive();
  }
}
