package io.github.safeasync.internal.guard;

import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the application has given to AsyncContext.start of one cycle and no thread has begun yet. A
 * container may refuse a task of a request that has just ended, and Jetty forgets those it has
 * accepted; it may be what lets go of something. Thread-safe.
 */
final class StartedTasks {

  @SuppressWarnings("rawtypes")
  private static final AtomicReferenceFieldUpdater<StartedTasks, Set> WAITING =
      AtomicReferenceFieldUpdater.newUpdater(StartedTasks.class, Set.class, "waiting");

  private final ExchangeAccess exchange;
  private volatile @Nullable Set<Task> waiting;
  private volatile boolean closed;

  /** A task, which whoever comes first runs. */
  private final class Task implements Runnable {

    private final Runnable given;

    Task(Runnable given) {
      this.given = given;
    }

    @Override
    public void run() {
      if (waiting().remove(this)) {
        given.run();
      }
    }
  }

  /**
   * Makes an empty one.
   *
   * @param exchange runs what the container does not
   */
  StartedTasks(ExchangeAccess exchange) {
    this.exchange = exchange;
  }

  /**
   * Has a task run.
   *
   * @param container returns whether it has taken the task; what it throws is thrown
   */
  void start(Runnable given, Predicate<Runnable> container) {
    Task task = new Task(given);
    Set<Task> tasks = waiting();
    tasks.add(task);
    boolean taken = false;
    boolean refused = true;
    try {
      taken = container.test(task);
      refused = false;
    } finally {
      if (refused) {
        tasks.remove(task);
      }
    }
    if (!taken || closed) {
      exchange.start(task);
    }
  }

  /** The container is done with the request. */
  void close() {
    closed = true;
    Set<Task> left = waiting;
    if (left != null) {
      left.forEach(exchange::start);
    }
  }

  /** Few requests have any. */
  private Set<Task> waiting() {
    Set<Task> tasks = waiting;
    if (tasks == null) {
      WAITING.compareAndSet(this, null, ConcurrentHashMap.newKeySet());
      tasks = Objects.requireNonNull(waiting);
    }
    return tasks;
  }
}
