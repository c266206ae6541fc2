package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Log;
import java.time.Duration;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Threads for tasks that may block as long as they like. Each task has one at once, an idle one or
 * a new one, so that none waits for another's; beyond the bound it has a virtual one where the JDK
 * has those, and otherwise waits for the first that comes free. No thread is started before it is
 * needed, and they end when idle. What a task throws is logged. Thread-safe.
 *
 * <p>A task that was given is never lost and never runs on the thread that gives it: if no thread
 * can be started ("unable to create native thread"), it waits until one can.
 */
final class ElasticPool {

  /**
   * As many as containers have threads by default: so many listeners that block would have stopped
   * the container itself.
   */
  static final int BOUND = 200;

  /** A queue that takes a task only from the hands, so that the pool starts a thread instead. */
  private static final class Backlog extends LinkedTransferQueue<Runnable> {

    private static final long serialVersionUID = 1L;

    @Override
    public boolean offer(Runnable task) {
      return tryTransfer(task);
    }

    void keep(Runnable task) {
      super.offer(task);
    }
  }

  private final Backlog backlog = new Backlog();
  private final String prefix;
  private final ThreadFactory threads;
  private final @Nullable ThreadFactory overflow;
  private final Consumer<Runnable> later;
  private final ThreadPoolExecutor pool;
  private final AtomicBoolean shortageTold;
  private final AtomicBoolean warned = new AtomicBoolean();

  /**
   * Makes an empty one.
   *
   * @param prefix of its threads' names, for the log
   * @param bound how many platform threads it may have
   * @param threads makes them
   * @param overflow makes the threads of what is beyond the bound; null to let it wait
   * @param shortageTold whether the log says already that no thread can be started
   * @param later runs a short task after a moment
   */
  ElasticPool(
      String prefix,
      int bound,
      Duration idle,
      ThreadFactory threads,
      @Nullable ThreadFactory overflow,
      AtomicBoolean shortageTold,
      Consumer<Runnable> later) {
    this.prefix = prefix;
    this.threads = threads;
    this.overflow = overflow;
    this.shortageTold = shortageTold;
    this.later = later;
    this.pool =
        new ThreadPoolExecutor(
            0,
            bound,
            idle.toMillis(),
            TimeUnit.MILLISECONDS,
            backlog,
            threads,
            (task, full) -> refused(task));
  }

  /**
   * Runs a task on a thread of the pool.
   *
   * @param about whose task it is, for the log
   */
  void execute(Object about, Runnable task) {
    execute(() -> run(about, task));
  }

  private void execute(Runnable logged) {
    try {
      pool.execute(logged);
    } catch (Error noThread) {
      keep(logged);
      Log.noThread(prefix, noThread, shortageTold.compareAndSet(false, true));
    }
  }

  private static void run(Object about, Runnable task) {
    try {
      task.run();
    } catch (Throwable failure) {
      Log.taskFailed(about, failure);
    }
  }

  /** All threads are busy, or the pool is shut down. */
  private void refused(Runnable task) {
    if (pool.isShutdown()) {
      threads.newThread(task).start();
    } else if (overflow != null) {
      overflow.newThread(task).start();
    } else {
      keep(task);
      if (warned.compareAndSet(false, true)) {
        Log.exhausted(prefix, pool.getMaximumPoolSize());
      }
    }
  }

  /** Leaves a task to the first thread that comes free. */
  private void keep(Runnable task) {
    backlog.keep(task);
    if (pool.getPoolSize() == 0) {
      later.accept(this::revive);
    }
  }

  /** Sees that somebody takes what waits. */
  private void revive() {
    if (backlog.isEmpty() || pool.getPoolSize() > 0) {
      return;
    }
    if (pool.isShutdown()) {
      for (Runnable task; (task = backlog.poll()) != null; ) {
        execute(task);
      }
      return;
    }
    try {
      pool.execute(ElasticPool::wakeUp);
    } catch (Error noThread) {
      later.accept(this::revive);
    }
  }

  /** Takes no more tasks than threads can be made for; those that were given still run. */
  void shutdown() {
    pool.shutdown();
    revive();
  }

  /** What a thread runs that is started for the backlog. */
  private static void wakeUp() {}
}
