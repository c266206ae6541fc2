package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class WorkersTest {

  private static final InheritableThreadLocal<String> INHERITED = new InheritableThreadLocal<>();

  private Workers workers = new Workers(null);

  @AfterEach
  void shutDown() {
    workers.shutDown(5, TimeUnit.SECONDS);
  }

  private <T> T on(Consumer<Runnable> way, Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    way.accept(() -> answer.complete(question.get()));
    return answer.orTimeout(10, TimeUnit.SECONDS).join();
  }

  private void soon(Runnable task) {
    workers.schedule(task, Duration.ofMillis(1));
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Nested
  class Threads {

    @Test
    void execute_isOnADaemonWithAName() {
      Thread thread = on(workers::execute, Thread::currentThread);

      assertThat(thread.isDaemon()).isTrue();
      assertThat(thread.getName()).isEqualTo("safe-async-worker-1");
    }

    @Test
    void schedule_isOnADaemonWithAName() {
      Thread thread = on(WorkersTest.this::soon, Thread::currentThread);

      assertThat(thread.isDaemon()).isTrue();
      assertThat(thread.getName()).isEqualTo("safe-async-timer-1");
    }

    @Test
    void g4_contextClassLoader_isThatOfTheMaker() throws Exception {
      Thread current = Thread.currentThread();
      ClassLoader before = current.getContextClassLoader();
      try (URLClassLoader application = new URLClassLoader(new URL[0])) {
        current.setContextClassLoader(application);
        try {
          workers = new Workers(null);
        } finally {
          current.setContextClassLoader(before);
        }

        assertThat(on(workers::execute, () -> Thread.currentThread().getContextClassLoader()))
            .isSameAs(application);
        assertThat(on(WorkersTest.this::soon, () -> Thread.currentThread().getContextClassLoader()))
            .isSameAs(application);
      }
    }

    @Test
    void g4_inheritableThreadLocals_areNotInherited() {
      INHERITED.set("of a request");
      try {
        assertThat(on(workers::execute, () -> "" + INHERITED.get())).isEqualTo("null");
        assertThat(on(WorkersTest.this::soon, () -> "" + INHERITED.get())).isEqualTo("null");
      } finally {
        INHERITED.remove();
      }
    }

    @Test
    void g11_noneIsStarted_beforeItIsNeeded() {
      List<Thread> before = ofTheLibrary();

      Workers idle = new Workers(null);

      assertThat(ofTheLibrary()).isSubsetOf(before); // those of other tests may end meanwhile
      idle.shutDown(0, TimeUnit.SECONDS);
    }

    @Test
    void g4_workers_endWhenIdle() {
      workers = new Workers(null, Duration.ofMillis(1));

      Thread worker = on(workers::execute, Thread::currentThread);

      await().until(() -> !worker.isAlive());
      assertThat(on(workers::execute, Thread::currentThread)).isNotSameAs(worker);
    }

    private static List<Thread> ofTheLibrary() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().startsWith("safe-async-"))
          .toList();
    }
  }

  @Nested
  class Schedule {

    @Test
    void schedule_cancelled_doesNotRun() {
      List<String> ran = new CopyOnWriteArrayList<>();
      CountDownLatch hold = new CountDownLatch(1);
      workers.schedule(() -> awaitUninterruptibly(hold), Duration.ZERO);

      Future<?> first = workers.schedule(() -> ran.add("first"), Duration.ZERO);
      first.cancel(false);
      hold.countDown();
      on(WorkersTest.this::soon, () -> ran.add("second"));

      assertThat(ran).containsExactly("second");
    }

    @Test
    void schedule_longest_waits() {
      Future<?> never = workers.schedule(() -> {}, Duration.ofNanos(Long.MAX_VALUE));

      assertThat(on(WorkersTest.this::soon, never::isDone)).isFalse();
    }

    @Test
    void g1_schedule_afterShutDown_neitherRunsNorThrows() {
      workers.shutDown(1, TimeUnit.SECONDS);
      List<String> ran = new ArrayList<>();

      Future<?> refused = workers.schedule(() -> ran.add("late"), Duration.ZERO);

      assertThat(refused.isDone()).isTrue();
      assertThat(ran).isEmpty();
    }
  }

  @Nested
  class Shutdown {

    @Test
    void shutDown_acceptedTasks_stillRun() {
      List<Integer> ran = new CopyOnWriteArrayList<>();
      for (int i = 0; i < 100; i++) {
        int task = i;
        workers.execute(() -> ran.add(task));
      }

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(ran).hasSize(100);
    }

    @Test
    void g4_shutDown_endsTheThreads() {
      Thread worker = on(workers::execute, Thread::currentThread);
      Thread timer = on(WorkersTest.this::soon, Thread::currentThread);

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(worker.isAlive()).isFalse();
      assertThat(timer.isAlive()).isFalse();
    }

    @Test
    void shutDown_taskThatStays_isBounded() {
      CountDownLatch stay = new CountDownLatch(1);
      workers.execute(() -> awaitUninterruptibly(stay));
      long before = System.nanoTime();

      workers.shutDown(20, TimeUnit.MILLISECONDS);

      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(Duration.ofMillis(20), Duration.ofSeconds(5));
      stay.countDown();
    }

    @Test
    void shutDown_interrupted_keepsTheInterrupt() {
      CountDownLatch stay = new CountDownLatch(1);
      workers.execute(() -> awaitUninterruptibly(stay));
      Thread.currentThread().interrupt();

      workers.shutDown(1, TimeUnit.MINUTES);

      assertThat(Thread.interrupted()).isTrue();
      stay.countDown();
    }

    @Test
    void execute_afterShutDown_runsOnTheCaller() {
      workers.shutDown(1, TimeUnit.SECONDS);

      assertThat(on(workers::execute, Thread::currentThread)).isSameAs(Thread.currentThread());
    }
  }

  @Nested
  class GivenExecutor {

    @Test
    void executeAndCancel_areOnTheApplicationsExecutor() {
      List<Runnable> given = new ArrayList<>();
      Workers own = new Workers(given::add);
      Runnable task = () -> {};
      Runnable cancel = () -> {};

      own.execute(task);
      own.cancel(cancel);
      own.shutDown(0, TimeUnit.SECONDS);

      assertThat(given).containsExactly(task, cancel);
    }

    @Test
    void execute_rejected_runsOnTheCaller() {
      workers =
          new Workers(
              task -> {
                throw new RejectedExecutionException("full");
              });

      assertThat(on(workers::execute, Thread::currentThread)).isSameAs(Thread.currentThread());
    }
  }
}
