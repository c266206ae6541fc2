package io.github.safeasync;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  /** Such as 30s and 2MB: what Spring Boot's users write. */
  private static final Pattern QUANTITY = Pattern.compile("([0-9]+)([a-zA-Z]{0,2})");

  /** Each 1,024 times the one before. */
  private static final List<String> BYTE_UNITS = List.of("B", "KB", "MB", "GB", "TB");

  static Values<Duration> limit() {
    return new Values<>(
        "milliseconds, or a duration such as 30s or PT30S; 0 for none",
        "0 (none) or a positive duration of less than 292 years",
        Values::duration,
        Duration::toString,
        duration -> isUpTo(LONGEST, duration));
  }

  static Values<Duration> durationUpTo(Duration longest, String named) {
    return new Values<>(
        "milliseconds, or a duration such as 2s or PT2S, from 0 to " + named,
        "0 to " + named,
        Values::duration,
        Duration::toString,
        duration -> isUpTo(longest, duration));
  }

  static Values<Integer> errorStatus() {
    return status("an error status, 400 to 599", Values::isErrorStatus);
  }

  static Values<Integer> errorStatusOrNone() {
    return status(
        "an error status, 400 to 599; 0 for none", status -> status == 0 || isErrorStatus(status));
  }

  private static Values<Integer> status(String range, Predicate<Integer> allowed) {
    return new Values<>(range, range, Integer::parseInt, Object::toString, allowed);
  }

  private static boolean isErrorStatus(int status) {
    return status >= 400 && status <= 599;
  }

  static Values<Long> bytes() {
    return new Values<>(
        "a number of bytes, or a size such as 64KB or 2MB; at least 1",
        "a number of bytes, at least 1",
        Values::readBytes,
        Object::toString,
        at -> at >= 1);
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
    Matcher simple = QUANTITY.matcher(text);
    return simple.matches()
        ? Duration.of(Long.parseLong(simple.group(1)), timeUnit(simple.group(2)))
        : Duration.parse(text);
  }

  private static ChronoUnit timeUnit(String suffix) {
    return switch (suffix.toLowerCase(Locale.ROOT)) {
      case "ns" -> ChronoUnit.NANOS;
      case "us" -> ChronoUnit.MICROS;
      case "", "ms" -> ChronoUnit.MILLIS;
      case "s" -> ChronoUnit.SECONDS;
      case "m" -> ChronoUnit.MINUTES;
      case "h" -> ChronoUnit.HOURS;
      case "d" -> ChronoUnit.DAYS;
      default -> throw new IllegalArgumentException("Not a unit of time: " + suffix);
    };
  }

  private static long readBytes(String text) {
    Matcher size = QUANTITY.matcher(text);
    if (!size.matches()) {
      throw new IllegalArgumentException("Not a size");
    }
    int power = BYTE_UNITS.indexOf(size.group(2).toUpperCase(Locale.ROOT));
    if (power < 0 && !size.group(2).isEmpty()) {
      throw new IllegalArgumentException("Not a unit of bytes: " + size.group(2));
    }
    return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << (10 * Math.max(0, power)));
  }

  private static Optional<KeepAlive> readKeepAlive(String text) {
    if (text.equals("off") || text.equals("false")) { // What YAML makes of off.
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

  /** In any case, and with hyphens or underscores, as in an environment variable. */
  private static <E extends Enum<E>> E constant(String text, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(text.toUpperCase(Locale.ROOT).replace('-', '_'))) {
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
