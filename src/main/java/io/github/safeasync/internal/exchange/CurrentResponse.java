package io.github.safeasync.internal.exchange;

import io.github.safeasync.SafeAsyncResponse;
import org.jspecify.annotations.Nullable;

/**
 * The response whose guarded callback runs on a thread. Nothing is left on the thread when the
 * callback has returned, so that no pool keeps the application's class loader.
 */
final class CurrentResponse {

  private static final ThreadLocal<@Nullable SafeAsyncResponse> CURRENT = new ThreadLocal<>();

  private CurrentResponse() {}

  static @Nullable SafeAsyncResponse get() {
    SafeAsyncResponse now = CURRENT.get();
    if (now == null) {
      CURRENT.remove(); // The look has left an empty entry.
    }
    return now;
  }

  /** Returns what {@link #leave} has to be given. */
  static @Nullable SafeAsyncResponse enter(SafeAsyncResponse response) {
    SafeAsyncResponse before = CURRENT.get();
    CURRENT.set(response);
    return before;
  }

  static void leave(@Nullable SafeAsyncResponse before) {
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }
}
