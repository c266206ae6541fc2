package io.github.safeasync;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The init-params of the filter. One that is unknown or malformed stops the deployment. */
enum InitParameters {
  TIMEOUT(
      "milliseconds, or an ISO-8601 duration such as PT30S; 0 for none",
      (builder, value) -> builder.timeout(duration(value))),
  TIMEOUT_STATUS(
      "an error status, 400 to 599",
      (builder, value) -> builder.timeoutStatus(Integer.parseInt(value))),
  START(
      "on-demand or eager",
      (builder, value) -> builder.start(constant(value, SafeAsyncConfig.Start.class))),
  AFTER_DISCONNECT(
      "discard or throw",
      (builder, value) ->
          builder.afterDisconnect(constant(value, SafeAsyncConfig.AfterDisconnect.class))),
  MAX_PENDING_BYTES(
      "a number of bytes, at least 1",
      (builder, value) -> builder.maxPendingBytes(Long.parseLong(value))),
  PENDING_LIMIT(
      "a number of bytes, at least 1",
      (builder, value) -> builder.pendingLimit(Long.parseLong(value))),
  OVER_LIMIT(
      "fail, drop-newest or block",
      (builder, value) -> builder.overLimit(constant(value, OverLimit.class))),
  WRITE_TIMEOUT(
      "milliseconds, or an ISO-8601 duration such as PT30S; 0 for none",
      (builder, value) -> builder.writeTimeout(duration(value))),
  DETECT_AFTER(
      "milliseconds, or an ISO-8601 duration, from 0 to 60 seconds",
      (builder, value) -> builder.detectAfter(duration(value))),
  HALF_CLOSE(
      "disconnect, ignore or confirm-on-write",
      (builder, value) -> builder.halfClose(constant(value, HalfClose.class))),
  CANCEL(
      "safe-methods, always or never",
      (builder, value) -> builder.cancel(constant(value, CancelPolicy.class))),
  CANCEL_ON(
      "a list of disconnected, timed-out, failed and shut-down",
      (builder, value) -> builder.cancelOn(ends(value))),
  CANCEL_AFTER(
      "milliseconds, or an ISO-8601 duration, from 0 to 1 hour",
      (builder, value) -> builder.cancelAfter(duration(value))),
  WATCH(
      "async or sync",
      (builder, value) -> builder.watch(constant(value, SafeAsyncConfig.Watch.class))),
  KEEPALIVE(
      "off, or idle/interval/count as seconds, seconds and a number, such as 30/10/3",
      (builder, value) -> builder.keepalive(keepalive(value)));

  private final String allowed;

  /** Takes a value over; any IllegalArgumentException or parse error means malformed. */
  @SuppressWarnings("ImmutableEnumChecker") // a lambda that captures nothing
  private final BiConsumer<SafeAsyncConfig.Builder, String> setting;

  InitParameters(String allowed, BiConsumer<SafeAsyncConfig.Builder, String> setting) {
    this.allowed = allowed;
    this.setting = setting;
  }

  private String parameter() {
    return kebab(this);
  }

  /** Reads all init-params of a filter on top of what it was given in code. */
  static SafeAsyncConfig read(FilterConfig filter, SafeAsyncConfig base) throws ServletException {
    SafeAsyncConfig.Builder builder = base.toBuilder();
    for (Enumeration<String> names = filter.getInitParameterNames(); names.hasMoreElements(); ) {
      String name = names.nextElement();
      named(name, filter).set(filter.getInitParameter(name).trim(), filter, builder);
    }
    return builder.build();
  }

  private static InitParameters named(String name, FilterConfig filter) throws ServletException {
    for (InitParameters parameter : values()) {
      if (parameter.parameter().equals(name)) {
        return parameter;
      }
    }
    String known =
        Arrays.stream(values()).map(InitParameters::parameter).collect(Collectors.joining(", "));
    throw new ServletException(
        where(filter) + " has an unknown init-param " + name + "; allowed are: " + known);
  }

  private void set(String value, FilterConfig filter, SafeAsyncConfig.Builder builder)
      throws ServletException {
    try {
      setting.accept(builder, value);
    } catch (IllegalArgumentException | DateTimeParseException | ArithmeticException e) {
      throw new ServletException(
          where(filter)
              + " has the init-param "
              + parameter()
              + " = \""
              + value
              + "\"; allowed is "
              + allowed,
          e);
    }
  }

  private static String where(FilterConfig filter) {
    return "The filter " + filter.getFilterName() + " (" + SafeAsyncFilter.class.getName() + ")";
  }

  private static Duration duration(String value) {
    return value.chars().allMatch(c -> c >= '0' && c <= '9')
        ? Duration.ofMillis(Long.parseLong(value))
        : Duration.parse(value);
  }

  private static @Nullable KeepAlive keepalive(String value) {
    if (value.equals("off")) {
      return null;
    }
    String[] parts = value.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("Not three numbers");
    }
    return new KeepAlive(
        Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
  }

  private static Set<End.Kind> ends(String value) {
    Set<End.Kind> ends = EnumSet.noneOf(End.Kind.class);
    for (String end : value.split(",", -1)) {
      ends.add(constant(end.trim(), End.Kind.class));
    }
    return ends;
  }

  private static <E extends Enum<E>> E constant(String value, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (kebab(constant).equals(value)) {
        return constant;
      }
    }
    throw new IllegalArgumentException("Not a constant of " + type.getSimpleName());
  }

  private static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
