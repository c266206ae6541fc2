package io.github.safeasync.bench;

import java.util.Arrays;

/** Durations of one kind, and what is said of them. Not thread-safe. */
final class Samples {

  private final long[] nanos;
  private int size;

  Samples(int capacity) {
    this.nanos = new long[capacity];
  }

  void add(long value) {
    nanos[size++] = value;
  }

  int capacity() {
    return nanos.length;
  }

  int size() {
    return size;
  }

  /** The middle one of what was measured in turns; the upper one of two. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The value that a share of all is not above, NaN of none. */
  double at(double share) {
    if (size == 0) {
      return Double.NaN;
    }
    long[] sorted = Arrays.copyOf(nanos, size);
    Arrays.sort(sorted);
    return sorted[(int) Math.min(size - 1, Math.ceil(share * size) - 1)];
  }
}
