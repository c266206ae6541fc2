package io.github.safeasync;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one filter: a timer that only decides; a small pool where listeners and other code
 * of the application runs; one for cancelling its work, which may block, as a database that does
 * not answer must not keep a listener waiting; and one that writes streams and runs no such code.
 * Daemons with the class loader of the application; none is started before it is needed, and the
 * pools' end when idle. Thread-safe.
 */
final class Workers {

  private static final int POOL_SIZE = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  /** So many cancels may block before others wait. */
  private static final int CANCELLERS = 32;

  private static final Duration IDLE = Duration.ofSeconds(10);

  private static final int WRITERS = Math.max(2, Runtime.getRuntime().availableProcessors());

  /** Those that may not have ended. */
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  private final @Nullable ThreadPoolExecutor pool;
  private final ThreadPoolExecutor writers;
  private final Executor executor;
  private final @Nullable ThreadPoolExecutor cancellers;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Makes the threads' owners, not yet the threads.
   *
   * @param executor the application's executor, or null for a pool of the library's own
   */
  Workers(@Nullable Executor executor) {
    this(executor, IDLE);
  }

  Workers(@Nullable Executor executor, Duration idle) {
    if (executor == null) {
      ThreadPoolExecutor own = pool(POOL_SIZE, idle, "safe-async-worker-");
      this.pool = own;
      this.cancellers = pool(CANCELLERS, idle, "safe-async-canceller-");
      this.executor = own;
    } else {
      this.pool = null;
      this.cancellers = null;
      this.executor = executor;
    }
    this.writers = pool(WRITERS, idle, "safe-async-writer-");
    this.timer = new ScheduledThreadPoolExecutor(1, factory("safe-async-timer-"));
    this.timer.setRemoveOnCancelPolicy(true);
  }

  private ThreadPoolExecutor pool(int size, Duration idle, String prefix) {
    ThreadPoolExecutor made =
        new ThreadPoolExecutor(
            size,
            size,
            idle.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            factory(prefix));
    made.allowCoreThreadTimeOut(true);
    return made;
  }

  private ThreadFactory factory(String prefix) {
    AtomicInteger count = new AtomicInteger();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return task -> {
      Thread thread = new Own(task, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
      threads.removeIf(each -> each.getState() == Thread.State.TERMINATED);
      threads.add(thread);
      return thread;
    };
  }

  /** A thread of the library. */
  private static final class Own extends Thread {

    Own(Runnable task, String name) {
      super(null, task, name, 0, false);
    }
  }

  /** Whether a thread is the library's: all exchanges need them, so none may wait for a client. */
  static boolean isOwn(Thread thread) {
    return thread instanceof Own;
  }

  /** Runs a task soon; on the calling thread if the executor takes nothing any more. */
  void execute(Runnable task) {
    execute(executor, task);
  }

  /** Runs a task that may block soon, and so that it delays no other but of its kind. */
  void cancel(Runnable task) {
    execute(cancellers == null ? executor : cancellers, task);
  }

  private static void execute(Executor executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  /**
   * Runs a task that hands bytes to a container, and no code of the application, so that it never
   * waits for more than a container's lock.
   */
  void write(Runnable task) {
    execute(writers, task);
  }

  /** Runs a short task that never waits, on the timer's thread; never after the shutdown. */
  Future<?> schedule(Runnable task, Duration delay) {
    try {
      return timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /**
   * Ends the threads; tasks that were accepted still run, as far as the time suffices. Waits for
   * the threads themselves: to a container one that is about to end is one that was left behind.
   */
  void shutDown(long time, TimeUnit unit) {
    long deadline = System.nanoTime() + unit.toNanos(time);
    timer.shutdownNow();
    writers.shutdown();
    if (pool != null && cancellers != null) {
      pool.shutdown();
      cancellers.shutdown();
    }
    try {
      for (Thread thread : threads) {
        if (thread != Thread.currentThread()) {
          TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
