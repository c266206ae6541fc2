package io.github.safeasync.internal.exchange;

import io.github.safeasync.SafeAsyncStats.Bucket;
import io.github.safeasync.SafeAsyncStats.Times;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Times that were measured, as a histogram of fixed bounds. Lock-free. */
final class Timings {

  private static final long[] BOUNDS_MICROS = {
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    300_000_000
  };

  private final AtomicLongArray counts = new AtomicLongArray(BOUNDS_MICROS.length + 1);
  private final LongAdder total = new LongAdder();
  private final LongAccumulator longest = new LongAccumulator(Math::max, 0);

  void add(long nanos) {
    int bucket = 0;
    while (bucket < BOUNDS_MICROS.length
        && nanos > TimeUnit.MICROSECONDS.toNanos(BOUNDS_MICROS[bucket])) {
      bucket++;
    }
    total.add(nanos);
    longest.accumulate(nanos);
    counts.incrementAndGet(bucket);
  }

  Times times() {
    long count = counts.get(BOUNDS_MICROS.length);
    List<Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < BOUNDS_MICROS.length; i++) {
      long here = counts.get(i);
      count += here;
      long nanos = TimeUnit.MICROSECONDS.toNanos(BOUNDS_MICROS[i]);
      buckets.add(new Bucket(Duration.ofNanos(nanos), here));
    }
    return new Times(
        count, Duration.ofNanos(total.sum()), Duration.ofNanos(longest.get()), buckets);
  }
}
