package io.github.safeasync.demo;

import java.math.BigDecimal;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A parameter that is a time in seconds, such as {@code 0.5}. */
final class Seconds {

  private Seconds() {}

  /** Returns the time, or null if it is not a number within the limits. */
  static @Nullable Duration of(@Nullable String text, int shortest, int longest, int otherwise) {
    if (text == null) {
      return Duration.ofSeconds(otherwise);
    }
    try {
      BigDecimal seconds = new BigDecimal(text);
      boolean allowed =
          seconds.compareTo(BigDecimal.valueOf(shortest)) >= 0
              && seconds.compareTo(BigDecimal.valueOf(longest)) <= 0;
      return allowed ? Duration.ofMillis(seconds.movePointRight(3).longValue()) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
