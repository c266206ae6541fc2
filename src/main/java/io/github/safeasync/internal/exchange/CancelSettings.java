package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancelPolicy;
import io.github.safeasync.End;
import java.time.Duration;
import java.util.Set;

/**
 * When and for whom work is cancelled. Immutable.
 *
 * @param policy for which requests
 * @param on at which ends; never COMPLETED
 * @param after the time between the hang-up and the cancel
 * @param synchronous whether the thread of a synchronous request is interrupted
 */
public record CancelSettings(
    CancelPolicy policy, Set<End.Kind> on, Duration after, boolean synchronous) {

  public static final CancelSettings DEFAULTS =
      new CancelSettings(
          CancelPolicy.SAFE_METHODS, Set.of(End.Kind.DISCONNECTED), Duration.ZERO, false);

  CancelSettings withPolicy(CancelPolicy other) {
    return other == policy ? this : new CancelSettings(other, on, after, synchronous);
  }

  CancelSettings withAfter(Duration other) {
    return new CancelSettings(policy, on, other, synchronous);
  }
}
