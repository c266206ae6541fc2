package io.github.safeasync.internal.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.VirtualThreads;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
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
    workers.schedule("a test", task, Duration.ofMillis(1));
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
    void callBack_isOnADaemonWithAName() {
      Thread thread = on(task -> workers.callBack("a test", task), Thread::currentThread);

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

        assertThat(
                on(
                    task -> workers.callBack("a test", task),
                    () -> Thread.currentThread().getContextClassLoader()))
            .isSameAs(application);
        assertThat(on(WorkersTest.this::soon, () -> Thread.currentThread().getContextClassLoader()))
            .isSameAs(application);
      }
    }

    @Test
    void g4_inheritableThreadLocals_areNotInherited() {
      INHERITED.set("of a request");
      try {
        assertThat(on(task -> workers.callBack("a test", task), () -> "" + INHERITED.get()))
            .isEqualTo("null");
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

      Thread worker = on(task -> workers.callBack("a test", task), Thread::currentThread);

      await().until(() -> !worker.isAlive());
      assertThat(on(task -> workers.callBack("a test", task), Thread::currentThread))
          .isNotSameAs(worker);
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
      workers.schedule("a test", () -> awaitUninterruptibly(hold), Duration.ZERO);

      Future<?> first = workers.schedule("a test", () -> ran.add("first"), Duration.ZERO);
      first.cancel(false);
      hold.countDown();
      on(WorkersTest.this::soon, () -> ran.add("second"));

      assertThat(ran).containsExactly("second");
    }

    @Test
    void schedule_longest_waits() {
      Future<?> never = workers.schedule("a test", () -> {}, Duration.ofNanos(Long.MAX_VALUE));

      assertThat(on(WorkersTest.this::soon, never::isDone)).isFalse();
    }

    @Test
    void g1_schedule_afterShutDown_neitherRunsNorThrows() {
      workers.shutDown(1, TimeUnit.SECONDS);
      List<String> ran = new ArrayList<>();

      Future<?> refused = workers.schedule("a test", () -> ran.add("late"), Duration.ZERO);

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
        workers.callBack("a test", () -> ran.add(task));
      }

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(ran).hasSize(100);
    }

    @Test
    void g4_shutDown_endsTheThreads() {
      Thread worker = on(task -> workers.callBack("a test", task), Thread::currentThread);
      Thread timer = on(WorkersTest.this::soon, Thread::currentThread);

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(worker.isAlive()).isFalse();
      assertThat(timer.isAlive()).isFalse();
    }

    @Test
    void shutDown_taskThatStays_isBounded() {
      CountDownLatch stay = new CountDownLatch(1);
      workers.callBack("a test", () -> awaitUninterruptibly(stay));
      long before = System.nanoTime();

      workers.shutDown(20, TimeUnit.MILLISECONDS);

      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isBetween(Duration.ofMillis(20), Duration.ofSeconds(5));
      stay.countDown();
    }

    /** On a busy machine it has not got a processor to end yet, which is nothing to warn of. */
    @Test
    void shutDown_threadThatIsInNoTask_isNotSaidToStay() throws Exception {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch release = new CountDownLatch(1);
      AtomicReference<Thread> busy = new AtomicReference<>();
      workers.callBack(
          "a test",
          () -> {
            busy.set(Thread.currentThread());
            inside.countDown();
            awaitUninterruptibly(release);
          });
      inside.await();
      ThreadPoolExecutor idle =
          new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
      try {
        AtomicReference<Thread> free = new AtomicReference<>();
        idle.submit(() -> free.set(Thread.currentThread())).get();
        await().until(() -> Workers.isEnding(free.get().getStackTrace()));
        assertThat(Workers.isEnding(new StackTraceElement[0])).isTrue();
        assertThat(Workers.isEnding(busy.get().getStackTrace())).isFalse();
      } finally {
        release.countDown();
        idle.shutdown();
      }
    }

    @Test
    void shutDown_interrupted_keepsTheInterrupt() {
      CountDownLatch stay = new CountDownLatch(1);
      workers.callBack("a test", () -> awaitUninterruptibly(stay));
      Thread.currentThread().interrupt();

      workers.shutDown(1, TimeUnit.MINUTES);

      assertThat(Thread.interrupted()).isTrue();
      stay.countDown();
    }

    @Test
    void g2_shutDown_doesWhatIsDue_once() {
      List<String> ran = new CopyOnWriteArrayList<>();
      workers.scheduleSurely("a test", () -> ran.add("in a day"), Duration.ofDays(1));
      workers.scheduleSurely("a test", () -> ran.add("soon"), Duration.ofMillis(1));
      workers.schedule("a test", () -> ran.add("never"), Duration.ofDays(1));
      workers.scheduleSurely("a test", () -> ran.add("not"), Duration.ofDays(1)).cancel(false);

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(ran).containsExactly("soon", "in a day");
    }

    @Test
    void g2_shutDown_waitsForNothing_thatIsDueLater() {
      List<String> ran = new CopyOnWriteArrayList<>();
      workers.scheduleSurely("a test", () -> ran.add("in a day"), Duration.ofDays(1));
      // Would run while the shutdown waited.
      workers.schedule("a test", () -> ran.add("meanwhile"), Duration.ofMillis(1_200));

      workers.shutDown(10, TimeUnit.SECONDS);

      assertThat(ran).containsExactly("in a day");
    }

    @Test
    void g2_shutDown_waitsForNothing_ifNothingIsDue() {
      workers.scheduleSurely("a test", () -> {}, Duration.ofDays(1)).cancel(false);
      on(task -> workers.scheduleSurely("a test", task, Duration.ZERO), () -> true);
      long before = System.nanoTime();

      workers.shutDown(1, TimeUnit.MINUTES);

      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofMinutes(1));
    }

    @Test
    void g2_scheduleSurely_afterShutDown_runsSoon_onAThreadOfItsOwn() {
      workers.shutDown(1, TimeUnit.SECONDS);

      Thread thread =
          on(
              task -> workers.scheduleSurely("a test", task, Duration.ofDays(1)),
              Thread::currentThread);

      assertThat(thread).isNotSameAs(Thread.currentThread());
    }

    @Test
    void callBack_afterShutDown_runsOnAThreadOfItsOwn() {
      workers.shutDown(1, TimeUnit.SECONDS);

      Thread thread = on(task -> workers.callBack("a test", task), Thread::currentThread);

      assertThat(thread).isNotSameAs(Thread.currentThread());
      await().until(() -> !thread.isAlive());
    }
  }

  @Nested
  class GivenExecutor {

    private void given(Executor executor) {
      workers = new Workers(executor);
    }

    @Test
    void callBackAndCancel_areOnTheApplicationsExecutor() {
      BlockingQueue<Runnable> taken = new LinkedBlockingQueue<>();
      List<String> ran = new CopyOnWriteArrayList<>();
      given(taken::add);

      workers.callBack("a test", () -> ran.add("told"));
      await().until(() -> taken.size() == 1);
      workers.cancel("a test", () -> ran.add("cancelled"));
      await().until(() -> taken.size() == 2);

      assertThat(ran).isEmpty();
      taken.forEach(Runnable::run);
      assertThat(ran).containsExactly("told", "cancelled");
    }

    @Test
    void settleAndStart_areNot() {
      given(task -> {});

      assertThat(on(task -> workers.settle("a test", task), () -> Thread.currentThread().getName()))
          .startsWith("safe-async-settler-");
      assertThat(on(task -> workers.start("a test", task), () -> Thread.currentThread().getName()))
          .startsWith("safe-async-task-");
    }

    @Test
    void callBack_rejected_runsOnAThreadOfTheLibrary_andIsSaidOnce() {
      given(
          task -> {
            throw new RejectedExecutionException("full");
          });

      try (Logs logs = Logs.capture()) {
        for (int i = 0; i < 3; i++) {
          assertThat(
                  on(
                      task -> workers.callBack("a test", task),
                      () -> Thread.currentThread().getName()))
              .startsWith("safe-async-worker-");
        }
        assertThat(logs.lines(Level.WARNING)).singleElement().asString().contains("full");
      }
    }

    @Test
    void callBack_runByTheExecutorAtOnce_isNotOnTheCaller() {
      given(Runnable::run);

      assertThat(on(task -> workers.callBack("a test", task), Thread::currentThread))
          .isNotSameAs(Thread.currentThread());
    }

    @Test
    void executorThatBlocks_stopsNeitherTheCallerNorTheSettling() {
      CountDownLatch stay = new CountDownLatch(1);
      given(task -> awaitUninterruptibly(stay));

      for (int i = 0; i < 50; i++) {
        workers.callBack("a test", () -> {});
      }

      assertThat(on(task -> workers.settle("a test", task), () -> true)).isTrue();
      assertThat(on(WorkersTest.this::soon, () -> true)).isTrue();
      stay.countDown();
    }

    @Test
    void taskThatFails_doesNotRunTwice() {
      given(Runnable::run);
      List<String> ran = new CopyOnWriteArrayList<>();

      try (Logs logs = Logs.swallow()) {
        workers.callBack(
            "a test",
            () -> {
              ran.add("once");
              throw new IllegalStateException("of the application");
            });
        await().until(() -> !logs.throwables(Level.WARNING).isEmpty());
      }

      assertThat(ran).containsExactly("once");
    }
  }

  @Nested
  class TasksThatBlock {

    private final CountDownLatch stay = new CountDownLatch(1);

    @AfterEach
    void release() {
      stay.countDown();
    }

    private void block(Consumer<Runnable> way, int count) {
      CountDownLatch in = new CountDownLatch(Math.min(count, ElasticPool.BOUND));
      for (int i = 0; i < count; i++) {
        way.accept(
            () -> {
              in.countDown();
              awaitUninterruptibly(stay);
            });
      }
      await().until(() -> in.getCount() == 0);
    }

    @Test
    void ofOneKind_holdUpNoneOfTheSame() {
      for (Consumer<Runnable> way :
          List.<Consumer<Runnable>>of(
              task -> workers.callBack("a test", task),
              task -> workers.cancel("a test", task),
              task -> workers.start("a test", task),
              task -> workers.settle("a test", task))) {
        block(way, 40);

        assertThat(on(way, () -> true)).isTrue();
      }
    }

    @Test
    void beyondTheBound_holdUpNoOtherKind_andOfTheirOwnKindWhereThereAreNoVirtualThreads() {
      try (Logs logs = Logs.swallow()) {
        block(task -> workers.callBack("a test", task), ElasticPool.BOUND + 1);
        CompletableFuture<Boolean> another = new CompletableFuture<>();
        workers.callBack("a test", () -> another.complete(true));

        assertThat(on(task -> workers.settle("a test", task), () -> true)).isTrue();
        assertThat(on(task -> workers.cancel("a test", task), () -> true)).isTrue();
        if (VirtualThreads.areAvailable()) {
          assertThat(another.orTimeout(10, TimeUnit.SECONDS).join()).isTrue();
          assertThat(logs.lines(Level.WARNING)).isEmpty();
        } else {
          assertThat(logs.lines(Level.WARNING)).singleElement().asString().contains("200 threads");
          assertThat(another).isNotDone();
          stay.countDown();
          assertThat(another.orTimeout(10, TimeUnit.SECONDS).join()).isTrue();
        }
      }
    }

    @Test
    void g4_shutDown_interruptsThem() {
      List<Thread> interrupted = new CopyOnWriteArrayList<>();
      CountDownLatch in = new CountDownLatch(1);
      workers.callBack(
          "a test",
          () -> {
            in.countDown();
            try {
              stay.await();
            } catch (InterruptedException e) {
              interrupted.add(Thread.currentThread());
            }
          });
      await().until(() -> in.getCount() == 0);

      try (Logs logs = Logs.swallow()) {
        workers.shutDown(20, TimeUnit.MILLISECONDS);

        assertThat(interrupted).singleElement().matches(thread -> !thread.isAlive());
        assertThat(logs.lines(Level.WARNING)).singleElement().asString().startsWith("1 threads");
      }
    }
  }
}
