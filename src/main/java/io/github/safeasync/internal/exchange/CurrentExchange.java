package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The exchange that a thread works for. When it has done with it nothing is left on the thread but
 * an empty place, so that no pool keeps the application's class loader, and the next request makes
 * no new one.
 */
final class CurrentExchange {

  /** The exchange, as code that runs for it asks for it. */
  interface Work {

    CancellationToken token();

    /** Null if nobody has taken it. */
    @Nullable SafeAsyncResponse response();
  }

  private static final ThreadLocal<@Nullable Work> CURRENT = new ThreadLocal<>();

  private CurrentExchange() {}

  static @Nullable Work get() {
    return CURRENT.get();
  }

  /** Returns what {@link #leave} has to be given. */
  static @Nullable Work enter(@Nullable Work work) {
    Work before = CURRENT.get();
    leave(work);
    return before;
  }

  static void leave(@Nullable Work before) {
    CURRENT.set(before);
  }

  /** Returns a handle by which the calling thread, and no other, gets back what it had before. */
  static Handle makeCurrent(@Nullable Work work) {
    Thread thread = Thread.currentThread();
    Work before = enter(work);
    AtomicBoolean left = new AtomicBoolean();
    return () -> {
      boolean leaves = thread == Thread.currentThread() && left.compareAndSet(false, true);
      if (leaves) {
        leave(before);
      }
      return leaves;
    };
  }

  static Runnable wrap(Work work, Runnable task) {
    return () -> {
      Work before = enter(work);
      try {
        task.run();
      } finally {
        leave(before);
      }
    };
  }

  static <T extends @Nullable Object> Callable<T> wrap(Work work, Callable<? extends T> task) {
    return () -> {
      Work before = enter(work);
      try {
        return task.call();
      } finally {
        leave(before);
      }
    };
  }
}
