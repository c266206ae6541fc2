package io.github.safeasync.internal.guard;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Predicate;

/**
 * What the application has given to AsyncContext.start of one cycle and no thread has begun yet. A
 * container may refuse a task of a request that has just ended, and Jetty forgets those it has
 * accepted; it may be what lets go of something. Thread-safe.
 */
final class StartedTasks {

  private final Executor own;
  private final Set<Task> waiting = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** A task, which whoever comes first runs. */
  private final class Task implements Runnable {

    private final Runnable given;

    Task(Runnable given) {
      this.given = given;
    }

    @Override
    public void run() {
      if (waiting.remove(this)) {
        given.run();
      }
    }
  }

  /**
   * Makes an empty one.
   *
   * @param own runs what the container does not
   */
  StartedTasks(Executor own) {
    this.own = own;
  }

  /**
   * Has a task run.
   *
   * @param container returns whether it has taken the task; what it throws is thrown
   */
  void start(Runnable given, Predicate<Runnable> container) {
    Task task = new Task(given);
    waiting.add(task);
    boolean taken = false;
    boolean refused = true;
    try {
      taken = container.test(task);
      refused = false;
    } finally {
      if (refused) {
        waiting.remove(task);
      }
    }
    if (!taken || closed) {
      own.execute(task);
    }
  }

  /** The container is done with the request. */
  void close() {
    closed = true;
    waiting.forEach(own::execute);
  }
}
