package io.github.safeasync;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
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
 * The threads of one filter: a timer that only decides, and a small pool where listeners and other
 * code of the application runs. Daemons with the class loader of the application; none is started
 * before it is needed, and the pool's end when idle. Thread-safe.
 */
final class Workers {

  private static final int POOL_SIZE = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
  private static final long IDLE_SECONDS = 10;

  private final @Nullable ThreadPoolExecutor pool;
  private final Executor executor;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * Makes the threads' owners, not yet the threads.
   *
   * @param executor the application's executor, or null for a pool of the library's own
   */
  Workers(@Nullable Executor executor) {
    if (executor == null) {
      ThreadPoolExecutor own =
          new ThreadPoolExecutor(
              POOL_SIZE,
              POOL_SIZE,
              IDLE_SECONDS,
              TimeUnit.SECONDS,
              new LinkedBlockingQueue<>(),
              factory("safe-async-worker-"));
      own.allowCoreThreadTimeOut(true);
      this.pool = own;
      this.executor = own;
    } else {
      this.pool = null;
      this.executor = executor;
    }
    this.timer = new ScheduledThreadPoolExecutor(1, factory("safe-async-timer-"));
    this.timer.setRemoveOnCancelPolicy(true);
  }

  private static ThreadFactory factory(String prefix) {
    AtomicInteger count = new AtomicInteger();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return task -> {
      Thread thread = new Thread(null, task, prefix + count.incrementAndGet(), 0, false);
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
      return thread;
    };
  }

  /** Runs a task soon; on the calling thread if the executor takes nothing any more. */
  void execute(Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  /** Runs a short task that never waits, on the timer's thread; now if that has ended. */
  Future<?> schedule(Runnable task, Duration delay) {
    try {
      return timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      task.run();
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Ends the threads; tasks that were accepted still run, as far as the time suffices. */
  void shutDown(long time, TimeUnit unit) {
    timer.shutdownNow();
    if (pool == null) {
      return;
    }
    pool.shutdown();
    try {
      pool.awaitTermination(time, unit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
