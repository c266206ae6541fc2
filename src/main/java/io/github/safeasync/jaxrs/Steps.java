package io.github.safeasync.jaxrs;

import org.jspecify.annotations.Nullable;

/** Steps of which each is taken, whatever those before it threw. Not thread-safe. */
final class Steps {

  private @Nullable Throwable first;

  Steps take(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      if (first == null) {
        first = e;
      } else if (first != e) {
        first.addSuppressed(e);
      }
    }
    return this;
  }

  /** Throws what the first step that failed threw, with the others' as suppressed. */
  void rethrow() {
    if (first instanceof Error error) {
      throw error;
    }
    if (first instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
