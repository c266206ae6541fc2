package io.github.safeasync.bench;

import java.io.Serializable;
import java.util.Locale;

/**
 * One measured value and what it may be.
 *
 * @param limit NaN where nothing is demanded
 * @param atMost whether the limit is the most, and not the least, that is allowed
 */
record Figure(String name, double value, String unit, double limit, boolean atMost)
    implements Serializable {

  private static final double MICROS = 1e3;

  static Figure of(String name, double value, String unit) {
    return new Figure(name, value, unit, Double.NaN, true);
  }

  static Figure micros(String name, long nanos) {
    return of(name, nanos / MICROS, "µs");
  }

  Figure atMost(double most) {
    return new Figure(name, value, unit, most, true);
  }

  Figure atLeast(double least) {
    return new Figure(name, value, unit, least, false);
  }

  boolean hasLimit() {
    return !Double.isNaN(limit);
  }

  boolean isMissed() {
    return hasLimit() && !(atMost ? value <= limit : value >= limit);
  }

  /** How much of what is allowed it takes: more than 1 is a miss. */
  double share() {
    if (value == limit) {
      return 1;
    }
    return atMost ? value / limit : limit / value;
  }

  String measured() {
    return (name + " " + number(value) + " " + unit).strip();
  }

  String budget() {
    return hasLimit() ? (atMost ? "≤ " : "≥ ") + number(limit) : "–";
  }

  private static String number(double number) {
    double size = Math.abs(number);
    String format =
        number == Math.rint(number) && size < 1e15 || size >= 1_000
            ? "%,.0f"
            : size >= 100 ? "%.1f" : size >= 10 ? "%.2f" : "%.3f";
    return Double.isFinite(number) ? String.format(Locale.ROOT, format, number) : "–";
  }
}
