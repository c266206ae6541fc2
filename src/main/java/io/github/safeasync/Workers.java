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
 * code of the application runs, and one that writes streams and runs no such code. Daemons with the
 * class loader of the application; none is started before it is needed, and the pool's end when
 * idle. Thread-safe.
 */
final class Workers {

  private static final int POOL_SIZE = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
  private static final Duration IDLE = Duration.ofSeconds(10);

  private static final int WRITERS = Math.max(2, Runtime.getRuntime().availableProcessors());

  private final @Nullable ThreadPoolExecutor pool;
  private final ThreadPoolExecutor writers;
  private final Executor executor;
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
      ThreadPoolExecutor own = pool(POOL_SIZE, idle, factory("safe-async-worker-"));
      this.pool = own;
      this.executor = own;
    } else {
      this.pool = null;
      this.executor = executor;
    }
    this.writers = pool(WRITERS, idle, factory("safe-async-writer-"));
    this.timer = new ScheduledThreadPoolExecutor(1, factory("safe-async-timer-"));
    this.timer.setRemoveOnCancelPolicy(true);
  }

  private static ThreadPoolExecutor pool(int size, Duration idle, ThreadFactory factory) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            size, size, idle.toNanos(), TimeUnit.NANOSECONDS, new LinkedBlockingQueue<>(), factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private static ThreadFactory factory(String prefix) {
    AtomicInteger count = new AtomicInteger();
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return task -> {
      Thread thread = new Own(task, prefix + count.incrementAndGet());
      thread.setDaemon(true);
      thread.setContextClassLoader(loader);
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
    try {
      writers.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  /** Runs a short task that never waits, on the timer's thread; never after the shutdown. */
  Future<?> schedule(Runnable task, Duration delay) {
    try {
      return timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Ends the threads; tasks that were accepted still run, as far as the time suffices. */
  void shutDown(long time, TimeUnit unit) {
    timer.shutdownNow();
    writers.shutdown();
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
