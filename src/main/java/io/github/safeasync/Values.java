package io.github.safeasync;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The values of a {@link Setting}: how they are written, and which are allowed.
 *
 * @param notation what may be written, for the message about a text that is not it
 * @param range what is allowed, for the message about a value that is not
 * @param reading makes a value of a text; throws any IllegalArgumentException, DateTimeException or
 *     ArithmeticException where it cannot
 * @param writing the reverse of reading
 * @param allowed whether a value is within the range
 */
record Values<T>(
    String notation,
    String range,
    Function<String, T> reading,
    Function<T, String> writing,
    Predicate<T> allowed) {

  /** As many as fit a long in nanoseconds. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  static Values<Duration> limit() {
    return new Values<>(
        "milliseconds, or an ISO-8601 duration such as PT30S; 0 for none",
        "0 (none) or a positive duration of less than 292 years",
        Values::duration,
        Duration::toString,
        duration -> isUpTo(LONGEST, duration));
  }

  static Values<Duration> durationUpTo(Duration longest, String named) {
    return new Values<>(
        "milliseconds, or an ISO-8601 duration, from 0 to " + named,
        "0 to " + named,
        Values::duration,
        Duration::toString,
        duration -> isUpTo(longest, duration));
  }

  static Values<Integer> errorStatus() {
    String range = "an error status, 400 to 599";
    return new Values<>(
        range, range, Integer::parseInt, Object::toString, at -> at >= 400 && at <= 599);
  }

  static Values<Long> bytes() {
    String range = "a number of bytes, at least 1";
    return new Values<>(range, range, Long::parseLong, Object::toString, at -> at >= 1);
  }

  static <E extends Enum<E>> Values<E> oneOf(Class<E> type) {
    String range = listed(EnumSet.allOf(type), " or ");
    return new Values<>(range, range, text -> constant(text, type), Values::kebab, any -> true);
  }

  /** Those at which something is left to cancel. */
  static Values<Set<End.Kind>> ends() {
    Set<End.Kind> cancelling = EnumSet.complementOf(EnumSet.of(End.Kind.COMPLETED));
    String range = "a list of " + listed(cancelling, " and ");
    return new Values<>(
        range,
        range + "; nothing is left to cancel once it has completed",
        Values::readEnds,
        ends -> ends.stream().sorted().map(Values::kebab).collect(Collectors.joining(",")),
        cancelling::containsAll);
  }

  static Values<Optional<KeepAlive>> keepAlive() {
    String range = "off, or idle/interval/count as seconds, seconds and a number, such as 30/10/3";
    return new Values<>(range, range, Values::readKeepAlive, Values::write, any -> true);
  }

  private static boolean isUpTo(Duration longest, Duration duration) {
    return !duration.isNegative() && duration.compareTo(longest) <= 0;
  }

  private static Duration duration(String text) {
    return text.chars().allMatch(c -> c >= '0' && c <= '9')
        ? Duration.ofMillis(Long.parseLong(text))
        : Duration.parse(text);
  }

  private static Optional<KeepAlive> readKeepAlive(String text) {
    if (text.equals("off")) {
      return Optional.empty();
    }
    String[] parts = text.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("Not three numbers");
    }
    return Optional.of(
        new KeepAlive(
            Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2])));
  }

  private static String write(Optional<KeepAlive> value) {
    return value
        .map(at -> at.idleSeconds() + "/" + at.intervalSeconds() + "/" + at.count())
        .orElse("off");
  }

  private static Set<End.Kind> readEnds(String text) {
    Set<End.Kind> ends = EnumSet.noneOf(End.Kind.class);
    if (!text.isEmpty()) {
      Arrays.stream(text.split(",", -1))
          .forEach(at -> ends.add(constant(at.trim(), End.Kind.class)));
    }
    return Collections.unmodifiableSet(ends);
  }

  /** Returns a copy that nobody changes. */
  static Set<End.Kind> copyOf(Set<End.Kind> ends) {
    Set<End.Kind> copy = EnumSet.noneOf(End.Kind.class);
    copy.addAll(ends);
    return Collections.unmodifiableSet(copy);
  }

  private static <E extends Enum<E>> E constant(String text, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (kebab(constant).equals(text)) {
        return constant;
      }
    }
    throw new IllegalArgumentException("Not a constant of " + type.getSimpleName());
  }

  private static <E extends Enum<E>> String listed(Set<E> constants, String last) {
    List<String> names = constants.stream().map(Values::kebab).toList();
    int most = names.size() - 1;
    return String.join(", ", names.subList(0, most)) + last + names.get(most);
  }

  static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
