package io.github.safeasync.internal.exchange;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often each constant was counted. Lock-free, as the map itself never changes.
 *
 * @param <E> of the constants
 */
final class Counts<E extends Enum<E>> {

  private final Map<E, LongAdder> adders;

  Counts(Class<E> type) {
    adders = new EnumMap<>(type);
    for (E each : type.getEnumConstants()) {
      adders.put(each, new LongAdder());
    }
  }

  void increment(E constant) {
    adder(constant).increment();
  }

  long of(E constant) {
    return adder(constant).sum();
  }

  long sum() {
    return adders.values().stream().mapToLong(LongAdder::sum).sum();
  }

  private LongAdder adder(E constant) {
    return Objects.requireNonNull(adders.get(constant), "constant");
  }
}
