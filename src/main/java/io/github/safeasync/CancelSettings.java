package io.github.safeasync;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * When and for whom work is cancelled. Immutable.
 *
 * @param policy for which requests
 * @param on at which ends; never COMPLETED
 * @param after the time between the hang-up and the cancel
 * @param synchronous whether the thread of a synchronous request is interrupted
 */
record CancelSettings(CancelPolicy policy, Set<End.Kind> on, Duration after, boolean synchronous) {

  static final CancelSettings DEFAULTS =
      new CancelSettings(
          CancelPolicy.SAFE_METHODS, EnumSet.of(End.Kind.DISCONNECTED), Duration.ZERO, false);

  CancelSettings {
    if (on.contains(End.Kind.COMPLETED)) {
      throw new IllegalArgumentException("cancel-on must not name completed: nothing is left then");
    }
    if (after.isNegative() || after.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException("cancel-after must be 0 to 1 hour, not " + after);
    }
    EnumSet<End.Kind> copy = EnumSet.noneOf(End.Kind.class);
    copy.addAll(on);
    on = Collections.unmodifiableSet(copy);
  }

  CancelSettings withPolicy(CancelPolicy other) {
    return new CancelSettings(other, on, after, synchronous);
  }

  CancelSettings withOn(Set<End.Kind> other) {
    return new CancelSettings(policy, other, after, synchronous);
  }

  CancelSettings withAfter(Duration other) {
    return new CancelSettings(policy, on, other, synchronous);
  }

  CancelSettings withSynchronous(boolean other) {
    return new CancelSettings(policy, on, after, other);
  }
}
