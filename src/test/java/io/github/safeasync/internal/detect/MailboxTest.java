package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.safeasync.Departure;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** No wake-up is lost: a message left while the watcher falls asleep is taken at once. */
class MailboxTest {

  @Test
  void messagesFromManyThreads_areTakenWithoutWaitingForTheBackstop() throws Exception {
    try (Selector selector = Selector.open()) {
      Mailbox mailbox = new Mailbox(selector);
      AtomicLong taken = new AtomicLong();
      Thread sleeper =
          new Thread(
              () -> {
                try {
                  while (!mailbox.isStopped()) {
                    mailbox.takeLeaving(queue -> taken.incrementAndGet());
                    mailbox.sleepUntil(System.nanoTime() + Suspects.LONG);
                    if (mailbox.isEmpty()) {
                      selector.select();
                    } else {
                      selector.selectNow();
                    }
                    mailbox.awake();
                  }
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      sleeper.start();
      WatchQueue message = new WatchQueue(DEFAULTS);
      int each = 20_000;
      List<Thread> senders = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        senders.add(
            new Thread(
                () -> {
                  for (int n = 1; n <= each; n++) {
                    mailbox.leave(message);
                    // Lets the sleeper fall asleep in between, at ever other moments.
                    for (int spin = 0; spin < n % 300; spin++) {
                      Thread.onSpinWait();
                    }
                  }
                }));
      }
      senders.forEach(Thread::start);
      for (Thread sender : senders) {
        sender.join();
      }
      // The last message has no successor that would wake the sleeper in its stead.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (taken.get() < 2 * each && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      assertThat(taken.get()).isEqualTo(2 * each);
      mailbox.stop();
      sleeper.join(10_000);
      assertThat(sleeper.isAlive()).isFalse();
    }
  }

  /** E: what an Error keeps from being done is done in the next turn. */
  @Test
  void messageAtWhichTheWatcherFails_comesAgain() throws Exception {
    try (Selector selector = Selector.open()) {
      Mailbox mailbox = new Mailbox(selector);
      WatchQueue first = new WatchQueue(DEFAULTS);
      WatchQueue second = new WatchQueue(DEFAULTS);
      mailbox.leave(first);
      mailbox.leave(second);
      List<WatchQueue> taken = new ArrayList<>();

      assertThatThrownBy(
              () ->
                  mailbox.takeLeaving(
                      queue -> {
                        throw new OutOfMemoryError("thrown by the test");
                      }))
          .isInstanceOf(OutOfMemoryError.class);
      assertThat(mailbox.isEmpty()).isFalse();
      mailbox.takeLeaving(taken::add);

      assertThat(taken).containsExactly(second, first);
      assertThat(mailbox.isEmpty()).isTrue();
    }
  }

  /** A new watch after any pause is armed in time, the thread being in any kind of sleep. */
  @Test
  void newWatch_isArmedSoonAfterItsGrace() throws Exception {
    List<Departure> gone = new CopyOnWriteArrayList<>();
    try (Detector detector = Detector.start(DEFAULTS.withGrace(Duration.ofMillis(5)));
        ServerSocketChannel listener = Wire.listen();
        Selector container = Selector.open();
        Wire wire = Wire.open(listener, container)) {
      detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
      List<Long> delays = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        TimeUnit.MICROSECONDS.sleep(i % 50 == 0 ? 1_200_000 : (i * 37L) % 9_000);
        long start = System.nanoTime();
        HangUpWatch watch = detector.watch(wire, gone::add);
        while (detector.watching() == 0) {
          Thread.onSpinWait();
        }
        delays.add(System.nanoTime() - start);
        watch.release();
        while (detector.watching() != 0) {
          Thread.onSpinWait();
        }
      }
      delays.sort(null);
      assertThat(delays.get(0)).isGreaterThanOrEqualTo(5_000_000L);
      assertThat(delays.get(100)).isLessThan(40_000_000L);
    }
    assertThat(gone).isEmpty();
  }
}
