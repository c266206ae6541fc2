package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import java.time.Duration;

/** Ends of every kind, where no more matters of them. */
final class SomeEnd {

  private SomeEnd() {}

  static End of(End.Kind kind) {
    return of(kind, Duration.ZERO);
  }

  static End of(End.Kind kind, Duration after) {
    return switch (kind) {
      case DISCONNECTED -> End.disconnected(Departure.now(Evidence.FIN, "a test"), after, null);
      case FAILED -> End.failed(new IllegalStateException("of a test"), after);
      case COMPLETED, TIMED_OUT, SHUT_DOWN -> End.of(kind, after);
    };
  }
}
