package io.github.safeasync.internal.exchange;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The exceptions that an end is told by. */
final class EndExceptions {

  private EndExceptions() {}

  /**
   * What a read or write that comes too late fails with: an IOException, as every container's.
   *
   * @param end null if the request is being dispatched
   */
  static IOException ofLateCall(@Nullable End end) {
    if (end == null) {
      return new IOException("The exchange is over: the request is being dispatched");
    }
    return end.kind() == End.Kind.DISCONNECTED
        ? ofDeparture(end)
        : new IOException("The exchange is over: " + end, end.cause().orElse(null));
  }

  /**
   * What stands for the departure.
   *
   * @param end null if the container tells before an end is decided
   */
  static ClientDisconnectedException ofDeparture(@Nullable End end) {
    if (end == null) {
      return new ClientDisconnectedException(unseen(), null);
    }
    return new ClientDisconnectedException(
        end.departure().orElseGet(EndExceptions::unseen), end.cause().orElse(null));
  }

  private static Departure unseen() {
    return Departure.now(Evidence.CONNECTION_LOST, "the container");
  }
}
