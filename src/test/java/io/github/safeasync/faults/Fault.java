package io.github.safeasync.faults;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Throws one Error, at the first call, and remembers that it has. */
final class Fault {
  private final Supplier<? extends Error> error;
  private final CompletableFuture<Void> struck = new CompletableFuture<>();

  Fault(Supplier<? extends Error> error) {
    this.error = error;
  }

  void strike() {
    if (struck.complete(null)) {
      throw error.get();
    }
  }

  CompletableFuture<Void> struck() {
    return struck;
  }
}
