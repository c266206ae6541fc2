package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Log;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one filter, so divided that what blocks one exchange delays no other:
 *
 * <pre>
 *   timer       decides, and hands over; never waits
 *   settlers    the library's own settling of ends: closes the container's side
 *   writers     hand bytes to containers
 *   listeners   code of the application that is told of something; or its own executor
 *   cancellers  the cancelling of its work; or its own executor
 *   tasks       what it gives to AsyncContext.start when the container takes nothing any more
 * </pre>
 *
 * <p>Daemons with the class loader of the application; none but the timer's is started before it is
 * needed, and the pools' end when idle. Thread-safe; no method waits for a task but {@link
 * #shutDown}.
 */
final class Workers {

  private static final Duration IDLE = Duration.ofSeconds(10);

  private static final int WRITERS = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** When what failed for want of memory or threads is tried again. */
  private static final Duration LATER = Duration.ofMillis(100);

  /** How long a shutdown waits for what is due soon; what is due later is done then. */
  private static final Duration UNTIL_DUE = Duration.ofMillis(1_500);

  /** How long an interrupted thread has to end at the shutdown. */
  private static final Duration AFTER_INTERRUPT = Duration.ofMillis(500);

  /** Those that may not have ended. */
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  /** What is due, and is done in any case. */
  private final Set<Step> steps = ConcurrentHashMap.newKeySet();

  private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private final ElasticPool settlers;
  private final ElasticPool listeners;
  private final ElasticPool cancellers;
  private final ElasticPool tasks;
  private final ThreadPoolExecutor writers;
  private final @Nullable Executor given;
  private final AtomicBoolean refusalTold = new AtomicBoolean();
  private final AtomicBoolean shortageTold = new AtomicBoolean();
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Makes the threads' owners, not yet the threads.
   *
   * @param executor the application's executor for its listeners and cancels, or null for pools of
   *     the library's own
   */
  Workers(@Nullable Executor executor) {
    this(executor, IDLE);
  }

  Workers(@Nullable Executor executor, Duration idle) {
    this.given = executor;
    this.timer = new ScheduledThreadPoolExecutor(1, factory("safe-async-timer-"));
    this.timer.setRemoveOnCancelPolicy(true);
    this.settlers = elastic("safe-async-settler-", idle);
    this.listeners = elastic("safe-async-worker-", idle);
    this.cancellers = elastic("safe-async-canceller-", idle);
    this.tasks = elastic("safe-async-task-", idle);
    this.writers =
        new ThreadPoolExecutor(
            WRITERS,
            WRITERS,
            idle.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            factory("safe-async-writer-"));
    this.writers.allowCoreThreadTimeOut(true);
  }

  /**
   * Starts the timer's thread, as long as one can be had: no exchange begins without, and what
   * waits for a thread of a pool is tried again on it.
   */
  void startTimer() {
    timer.prestartCoreThread();
  }

  private ElasticPool elastic(String prefix, Duration idle) {
    return new ElasticPool(
        prefix,
        ElasticPool.BOUND,
        idle,
        factory(prefix),
        virtual(prefix),
        shortageTold,
        task -> {
          Future<?> unused = schedule(prefix, task, LATER);
        });
  }

  private ThreadFactory factory(String prefix) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Own(task, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
      threads.removeIf(each -> each.getState() == Thread.State.TERMINATED);
      threads.add(thread);
      return thread;
    };
  }

  private @Nullable ThreadFactory virtual(String prefix) {
    ThreadFactory made = VirtualFactory.of(prefix + "virtual-");
    if (made == null) {
      return null;
    }
    return task -> {
      Thread thread = made.newThread(() -> runAndForget(task));
      thread.setContextClassLoader(loader);
      threads.add(thread);
      return thread;
    };
  }

  private void runAndForget(Runnable task) {
    try {
      task.run();
    } finally {
      threads.remove(Thread.currentThread());
    }
  }

  /** A thread of the library. */
  private static final class Own extends Thread {

    Own(Runnable task, String name) {
      super(null, task, name, 0, false);
    }
  }

  /** Whether a thread is one of the library's few, none of which may wait for a client. */
  static boolean isOwn(Thread thread) {
    return thread instanceof Own;
  }

  /** What is done once: at its time, or at the shutdown. */
  private final class Step extends FutureTask<Void> {

    private final Duration delay;
    private final long dueAt;
    private volatile @Nullable Future<?> timed;

    Step(Object about, Runnable task, Duration delay) {
      super(() -> runOnTimer(about, task), null);
      this.delay = delay;
      this.dueAt = System.nanoTime() + delay.toNanos();
    }

    void start() {
      timed = timer.schedule(this, delay.toNanos(), TimeUnit.NANOSECONDS);
      if (isDone()) {
        done();
      }
    }

    boolean isDueBy(long deadline) {
      return deadline - dueAt >= 0;
    }

    @Override
    protected void done() {
      steps.remove(this);
      Future<?> now = timed;
      if (now != null) {
        now.cancel(false);
      }
    }
  }

  /** Runs code of the application soon, on its executor if it gave one. */
  void callBack(Object about, Runnable task) {
    onGivenOr(listeners, about, task);
  }

  /** Cancels work of the application soon, which may take its time. */
  void cancel(Object about, Runnable task) {
    onGivenOr(cancellers, about, task);
  }

  /** Runs what the application gave to AsyncContext.start soon. */
  void start(Object about, Runnable task) {
    tasks.execute(about, task);
  }

  /** Settles an end soon: runs no code of the application but what a container runs in there. */
  void settle(Object about, Runnable task) {
    settlers.execute(about, task);
  }

  /**
   * The application's executor may block, refuse, or run the task at once: so it is not called by
   * whoever has something to run, who may be the watcher, the timer or an I/O thread.
   */
  private void onGivenOr(ElasticPool own, Object about, Runnable task) {
    Executor to = given;
    own.execute(about, to == null ? task : () -> give(to, task));
  }

  private void give(Executor to, Runnable task) {
    AtomicBoolean begun = new AtomicBoolean();
    try {
      to.execute(
          () -> {
            begun.set(true);
            task.run();
          });
    } catch (RuntimeException | Error refusal) {
      if (begun.get()) {
        throw refusal;
      }
      if (refusalTold.compareAndSet(false, true)) {
        Log.executorRefused(to, refusal);
      }
      task.run();
    }
  }

  /**
   * Runs a task that hands bytes to a container, and no code of the application, and that waits for
   * nothing.
   */
  void write(Runnable task) {
    try {
      writers.execute(task);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      settlers.execute("a write", task);
    }
  }

  /** Runs a short task that never waits, on the timer's thread; never after the shutdown. */
  Future<?> schedule(Object about, Runnable task, Duration delay) {
    try {
      return timer.schedule(() -> runOnTimer(about, task), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /**
   * As {@link #schedule}, for what nobody else would do: a shutdown waits for it if it is due in a
   * moment, and otherwise has it done before its time. After the shutdown it is done soon.
   */
  Future<?> scheduleSurely(Object about, Runnable task, Duration delay) {
    Step step = new Step(about, task, delay);
    steps.add(step);
    try {
      step.start();
    } catch (RejectedExecutionException e) {
      settle(about, step);
    }
    return step;
  }

  /** What fails for want of memory is tried again: it decides ends. */
  private void runOnTimer(Object about, Runnable task) {
    try {
      task.run();
    } catch (VirtualMachineError shortage) {
      Future<?> unused = schedule(about, task, LATER);
      Log.taskFailed(about, shortage);
    } catch (RuntimeException | Error failure) {
      Log.taskFailed(about, failure);
    }
  }

  /**
   * Ends the threads; tasks that were accepted still run, as far as the time suffices, and those
   * that stay are interrupted. Waits for the threads themselves: to a container one that is about
   * to end is one that was left behind.
   */
  void shutDown(long time, TimeUnit unit) {
    awaitSteps(Math.min(unit.toNanos(time), UNTIL_DUE.toNanos()));
    timer.shutdownNow();
    steps.forEach(Step::run);
    writers.shutdown();
    settlers.shutdown();
    listeners.shutdown();
    cancellers.shutdown();
    tasks.shutdown();
    boolean interrupted = !join(unit.toNanos(time));
    List<Thread> stayed =
        threads.stream()
            .filter(thread -> thread.isAlive() && thread != Thread.currentThread())
            .toList();
    if (!stayed.isEmpty()) {
      Map<Thread, StackTraceElement[]> busy = new LinkedHashMap<>();
      stayed.forEach(thread -> busy.put(thread, thread.getStackTrace()));
      busy.values().removeIf(Workers::isEnding);
      if (!busy.isEmpty()) {
        Log.stayed(busy);
      }
      stayed.forEach(Thread::interrupt);
      interrupted |= !interrupted && !join(AFTER_INTERRUPT.toNanos());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitSteps(long nanos) {
    long deadline = System.nanoTime() + nanos;
    while (steps.stream().anyMatch(step -> step.isDueBy(deadline))
        && deadline - System.nanoTime() > 0
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Whether a thread of a pool is in no task of ours any more, and needs a processor to end. */
  static boolean isEnding(StackTraceElement[] stack) {
    return Stream.of(stack)
        .allMatch(
            frame ->
                frame.getClassName().startsWith("java.")
                    || frame.getClassName().startsWith("jdk."));
  }

  /** Returns false if interrupted. */
  private boolean join(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try {
      for (Thread thread : threads) {
        if (thread != Thread.currentThread()) {
          TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
        }
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
