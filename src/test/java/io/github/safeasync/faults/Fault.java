package io.github.safeasync.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.Tries;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Throws one kind of Error at each call, and counts the calls. */
final class Fault {

  private static final List<Supplier<? extends Error>> ALL =
      List.of(
          () -> new OutOfMemoryError("thrown by the test"),
          () -> new StackOverflowError("thrown by the test"),
          () -> new LinkageError("thrown by the test"));

  private final Supplier<? extends Error> error;
  private final AtomicInteger calls = new AtomicInteger();
  private final CompletableFuture<Void> struck = new CompletableFuture<>();

  Fault(Supplier<? extends Error> error) {
    this.error = error;
  }

  /** One kind for each row of a table, as no place lets one go by that catches another; or all. */
  static List<Supplier<? extends Error>> errors(int row) {
    return Tries.areAll() ? ALL : List.of(ALL.get(row % ALL.size()));
  }

  void strike() {
    calls.incrementAndGet();
    struck.complete(null);
    throw error.get();
  }

  int calls() {
    return calls.get();
  }

  void awaitStrike(Object place) {
    assertThat(struck).as("%s", place).succeedsWithin(Duration.ofSeconds(10));
  }
}
