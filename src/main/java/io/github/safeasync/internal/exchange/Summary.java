package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncStats;
import io.github.safeasync.SafeAsyncStats.Work;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** What was counted since it was last asked. By one thread at a time. */
final class Summary {

  private final SafeAsyncStats stats;
  private final Map<Enum<?>, Long> before = new HashMap<>();

  Summary(SafeAsyncStats stats) {
    this.stats = stats;
  }

  /** Returns the counts for a line; empty if no exchange has ended. */
  Optional<String> next() {
    String ends = since(End.Kind.values(), stats::ended);
    String evidence = since(Evidence.values(), stats::disconnected);
    String work = since(Work.values(), stats::cancelled);
    if (ends.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "ended "
            + ends
            + (evidence.isEmpty() ? "" : " (" + evidence + ")")
            + (work.isEmpty() ? "" : "; cancelled " + work)
            + ("; open " + stats.open()));
  }

  private <E extends Enum<E>> String since(E[] constants, ToLongFunction<E> count) {
    List<String> found = new ArrayList<>();
    for (E each : constants) {
      long now = count.applyAsLong(each);
      Long last = before.put(each, now);
      long more = now - (last == null ? 0 : last);
      if (more > 0) {
        found.add(more + " " + each);
      }
    }
    return String.join(", ", found);
  }
}
