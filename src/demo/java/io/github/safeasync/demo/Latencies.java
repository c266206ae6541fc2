package io.github.safeasync.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How long it took from hang-ups to the moment in which the application was told. Thread-safe. */
final class Latencies {

  /** A bucket holds what is below its bound, in microseconds, and not below the one before. */
  private static final int[] BOUNDS = {
    250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000
  };

  private static final int REMEMBERED = 10_000;

  private final List<Long> micros = new ArrayList<>();

  synchronized void add(long nanos) {
    if (micros.size() < REMEMBERED) {
      micros.add(TimeUnit.NANOSECONDS.toMicros(nanos));
    }
  }

  synchronized Json toJson() {
    List<Long> sorted = micros.stream().sorted().toList();
    Json json = new Json().put("bounds", bounds()).put("counts", counts());
    if (!sorted.isEmpty()) {
      json.put("median", sorted.get(sorted.size() / 2))
          .put("p99", sorted.get(sorted.size() * 99 / 100))
          .put("longest", sorted.get(sorted.size() - 1));
    }
    return json;
  }

  private static List<Integer> bounds() {
    List<Integer> bounds = new ArrayList<>();
    for (int bound : BOUNDS) {
      bounds.add(bound);
    }
    return bounds;
  }

  /** One more than there are bounds: the last bucket is open. */
  private List<Integer> counts() {
    int[] counts = new int[BOUNDS.length + 1];
    for (long each : micros) {
      int bucket = 0;
      while (bucket < BOUNDS.length && each >= BOUNDS[bucket]) {
        bucket++;
      }
      counts[bucket]++;
    }
    List<Integer> list = new ArrayList<>();
    for (int count : counts) {
      list.add(count);
    }
    return list;
  }
}
