package io.github.safeasync.internal.exchange;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A stage that is made when somebody waits for it, so that no thread has to complete what nobody
 * waits for. Lock-free.
 *
 * <pre>
 *   ┌──────┐ stage    ┌─────────┐ complete   ┌──────┐
 *   │ null │ ───────► │ AWAITED │ ─────────► │ DONE │
 *   └──┬───┘          └─────────┘            └──────┘
 *      │ isAwaited: false, or complete          ▲
 *      └────────────────────────────────────────┘
 * </pre>
 */
final class LazyStage<T> {

  @SuppressWarnings("rawtypes") // a class literal has no type argument
  private static final AtomicReferenceFieldUpdater<LazyStage, CompletableFuture> MADE =
      AtomicReferenceFieldUpdater.newUpdater(LazyStage.class, CompletableFuture.class, "made");

  private volatile @Nullable CompletableFuture<T> made;

  /** Returns what completes with the value. Any thread. */
  CompletionStage<T> stage() {
    return made().minimalCompletionStage();
  }

  /**
   * Completes with the value, if nobody waits for it; so it runs no code of the application.
   *
   * @return whether somebody waits: {@link #complete} has to follow, by a thread that may run such
   */
  boolean isAwaited(T value) {
    return !MADE.compareAndSet(this, null, CompletableFuture.completedFuture(value));
  }

  /** Completes with the value, unless that was done; may run code of the application. */
  void complete(T value) {
    made().complete(value);
  }

  private CompletableFuture<T> made() {
    CompletableFuture<T> known = made;
    if (known != null) {
      return known;
    }
    boolean unused = MADE.compareAndSet(this, null, new CompletableFuture<>());
    return Objects.requireNonNull(made);
  }
}
