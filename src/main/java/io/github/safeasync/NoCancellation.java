package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchanges;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The token that is never cancelled. */
enum NoCancellation implements CancellationToken {
  INSTANCE;

  @Override
  public boolean isCancelled() {
    return false;
  }

  @Override
  public void throwIfCancelled() {}

  @Override
  public boolean isGone() {
    return false;
  }

  /** Another one each time: what hangs on one that never completes would be kept for ever. */
  @Override
  public CompletionStage<End> end() {
    return new CompletableFuture<End>().minimalCompletionStage();
  }

  @Override
  public Handle bind(Future<?> work) {
    return unbound("work", work);
  }

  @Override
  public Handle bind(AutoCloseable resource) {
    return unbound("resource", resource);
  }

  @Override
  public Handle bind(Thread thread) {
    return unbound("thread", thread);
  }

  /** Nothing was current where it was asked for, and nothing is where the task runs. */
  @Override
  public Runnable wrap(Runnable task) {
    return Objects.requireNonNull(task, "task");
  }

  @Override
  public <T extends @Nullable Object> Callable<T> wrap(Callable<? extends T> task) {
    Objects.requireNonNull(task, "task");
    return task::call;
  }

  @Override
  public Handle makeCurrent() {
    return Exchanges.makeNoneCurrent();
  }

  @Override
  public String toString() {
    return "CancellationToken of no exchange";
  }

  private static Handle unbound(String name, Object given) {
    Objects.requireNonNull(given, name);
    AtomicBoolean removed = new AtomicBoolean();
    return () -> removed.compareAndSet(false, true);
  }
}
