package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Logs;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** E: no task is lost and none runs on the thread that gives it, whatever the JVM refuses. */
class ElasticPoolTest {

  private static final long NO_MACHINES_STACK = 1L << 46;

  private final AtomicInteger refusals = new AtomicInteger();
  private final Deque<Runnable> later = new ArrayDeque<>();
  private final AtomicInteger ran = new AtomicInteger();

  /** Those that are to be refused need a stack that no machine has: the JVM cannot start them. */
  private Thread made(Runnable task) {
    boolean refused = refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    Thread thread = new Thread(null, task, "test", refused ? NO_MACHINES_STACK : 0);
    thread.setDaemon(true);
    return thread;
  }

  private ElasticPool pool(int bound, ThreadFactory overflow) {
    return new ElasticPool(
        "test-",
        bound,
        Duration.ofMillis(50),
        this::made,
        overflow,
        new AtomicBoolean(),
        later::add);
  }

  @Test
  void threadsThatCannotBeStarted_areStartedLater_G13() {
    ElasticPool pool = pool(2, null);
    refusals.set(3);

    try (Logs logs = Logs.swallow()) {
      pool.execute("a test", ran::incrementAndGet);
      assertThat(ran).hasValue(0);
      later.remove().run();
      assertThat(ran).hasValue(0);
      later.remove().run();
      later.remove().run();
      await().until(() -> ran.get() == 1);
      assertThat(logs.ofLibrary()).isNotEmpty();
    }
  }

  @Test
  void threadThatCannotBeStarted_leavesItsTaskToOneThatRuns() {
    ElasticPool pool = pool(2, null);
    CountDownLatch hold = new CountDownLatch(1);
    CountDownLatch in = new CountDownLatch(1);
    pool.execute(
        "a test",
        () -> {
          in.countDown();
          awaitUninterruptibly(hold);
        });
    await().until(() -> in.getCount() == 0);
    refusals.set(1);

    try (Logs logs = Logs.swallow()) {
      pool.execute("a test", ran::incrementAndGet);
      assertThat(ran).hasValue(0);
      hold.countDown();
      await().until(() -> ran.get() == 1);
      assertThat(later).isEmpty();
    }
  }

  @Test
  void beyondTheBound_overflowTakesIt() {
    ElasticPool pool = pool(1, task -> new Thread(task, "overflow"));
    CountDownLatch hold = new CountDownLatch(1);
    pool.execute("a test", () -> awaitUninterruptibly(hold));

    pool.execute("a test", ran::incrementAndGet);

    await().until(() -> ran.get() == 1);
    hold.countDown();
  }

  @Test
  void manyTasksBeyondTheBound_allRun_whileThreadsEndWhenIdle() {
    ElasticPool pool =
        new ElasticPool(
            "t-", 3, Duration.ofMillis(1), this::made, null, new AtomicBoolean(), later::add);

    try (Logs logs = Logs.swallow()) {
      for (int i = 0; i < 20_000; i++) {
        pool.execute("a test", ran::incrementAndGet);
        if (i % 1000 == 0) {
          Thread.onSpinWait();
        }
      }
      await().until(() -> ran.get() == 20_000);
    }
  }

  @Test
  void whatWaitsAtTheShutdown_stillRuns() {
    ElasticPool pool = pool(1, null);
    CountDownLatch hold = new CountDownLatch(1);
    pool.execute("a test", () -> awaitUninterruptibly(hold));
    try (Logs logs = Logs.swallow()) {
      for (int i = 0; i < 10; i++) {
        pool.execute("a test", ran::incrementAndGet);
      }
    }

    pool.shutdown();
    hold.countDown();

    await().until(() -> ran.get() == 10);
  }

  @Test
  void whatWaitedForAThread_runsAtTheShutdown() {
    ElasticPool pool = pool(1, null);
    refusals.set(1);
    try (Logs logs = Logs.swallow()) {
      pool.execute("a test", ran::incrementAndGet);
    }

    pool.shutdown();

    await().until(() -> ran.get() == 1);
    assertThat(List.copyOf(later)).hasSize(1);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
