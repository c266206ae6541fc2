package io.github.safeasync;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a filter can be told: the table from which the init-params, the checks of {@link
 * SafeAsyncConfig.Builder}, their messages and {@link SafeAsyncConfig#toString} come, and by which
 * that of {@code src/docs/settings.md} and Spring's metadata are made. A new setting is a row here,
 * and its accessors in SafeAsyncConfig.
 */
final class Setting<T> {

  private static final List<Setting<?>> DECLARED = new ArrayList<>();

  static final Setting<Duration> TIMEOUT =
      row(
          "timeout",
          Values.limit(),
          Duration.ofSeconds(30),
          "how long the application may take to finish a response");

  static final Setting<Integer> TIMEOUT_STATUS =
      row("timeout-status", Values.errorStatus(), 503, "what a timeout answers");

  static final Setting<Integer> DISCONNECT_STATUS =
      row(
          "disconnect-status",
          Values.errorStatusOrNone(),
          499,
          "what the access log shows of a request whose client has left");

  static final Setting<SafeAsyncConfig.Start> START =
      row(
          "start",
          Values.oneOf(SafeAsyncConfig.Start.class),
          SafeAsyncConfig.Start.ON_DEMAND,
          "when the filter makes a request asynchronous");

  static final Setting<Long> MAX_PENDING_BYTES =
      row(
          "max-pending-bytes",
          Values.bytes(),
          1L << 20,
          "how many bytes may wait for the client before `isWritable()` returns false");

  static final Setting<Long> PENDING_LIMIT =
      row(
          "pending-limit",
          Values.bytes(),
          16L << 20,
          "how many bytes may wait for the client at all");

  static final Setting<OverLimit> OVER_LIMIT =
      row(
          "over-limit",
          Values.oneOf(OverLimit.class),
          OverLimit.FAIL,
          "what a write beyond that does");

  static final Setting<Duration> WRITE_TIMEOUT =
      row(
          "write-timeout",
          Values.limit(),
          Duration.ofSeconds(30),
          "how long a client may take nothing");

  static final Setting<CancelPolicy> CANCEL =
      row(
          "cancel",
          Values.oneOf(CancelPolicy.class),
          CancelPolicy.SAFE_METHODS,
          "whose work ends with the client");

  static final Setting<Set<End.Kind>> CANCEL_ON =
      row("cancel-on", Values.ends(), Set.of(End.Kind.DISCONNECTED), "the ends that cancel");

  static final Setting<Duration> CANCEL_AFTER =
      row(
          "cancel-after",
          Values.durationUpTo(Duration.ofHours(1), "1 hour"),
          Duration.ZERO,
          "how long to wait between the disconnect and the cancel");

  static final Setting<SafeAsyncConfig.Watch> WATCH =
      row(
          "watch",
          Values.oneOf(SafeAsyncConfig.Watch.class),
          SafeAsyncConfig.Watch.ASYNC,
          "which requests are watched");

  static final Setting<SafeAsyncConfig.AfterDisconnect> AFTER_DISCONNECT =
      row(
          "after-disconnect",
          Values.oneOf(SafeAsyncConfig.AfterDisconnect.class),
          SafeAsyncConfig.AfterDisconnect.THROW,
          "what late writes and flushes of a stream that you took from the response do");

  static final Setting<Duration> DETECT_AFTER =
      row(
          "detect-after",
          Values.durationUpTo(Duration.ofSeconds(60), "60 seconds"),
          Duration.ofMillis(20),
          "how long a request has to be pending before its connection is watched");

  static final Setting<HalfClose> HALF_CLOSE =
      row(
          "half-close",
          Values.oneOf(HalfClose.class),
          HalfClose.DISCONNECT,
          "what a FIN alone means");

  static final Setting<Optional<KeepAlive>> KEEPALIVE =
      row(
          "keepalive",
          Values.keepAlive(),
          Optional.empty(),
          "TCP keepalive on pending connections");

  static final Setting<Duration> LOG_SUMMARY =
      row(
          "log-summary",
          Values.limit(),
          Duration.ZERO,
          "how often a line in the log counts the ends since the one before");

  /** All of them, in the order in which they stand here and are shown. */
  static final List<Setting<?>> ALL = List.copyOf(DECLARED);

  private final String name;
  private final Values<T> values;
  private final T standard;
  private final String purpose;

  private Setting(String name, Values<T> values, T standard, String purpose) {
    this.name = name;
    this.values = values;
    this.standard = standard;
    this.purpose = purpose;
  }

  private static <T> Setting<T> row(String name, Values<T> values, T standard, String purpose) {
    Setting<T> declared = new Setting<>(name, values, standard, purpose);
    DECLARED.add(declared);
    return declared;
  }

  /** Returns the one of this name, if there is one. */
  static Optional<Setting<?>> named(String name) {
    for (Setting<?> setting : ALL) {
      if (setting.name.equals(name)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  /** Returns all names, for a message. */
  static String names() {
    return ALL.stream().map(Setting::name).collect(Collectors.joining(", "));
  }

  /** Returns the init-param. */
  String name() {
    return name;
  }

  /** Returns what it is unless it is set. */
  T standard() {
    return standard;
  }

  /** Returns what it says, as a clause. */
  String purpose() {
    return purpose;
  }

  /** Returns what is allowed, as a clause. */
  String range() {
    return values.range();
  }

  /**
   * Makes a value of a text.
   *
   * @throws MalformedSettingException unless it is one that is allowed
   */
  T read(String text) throws MalformedSettingException {
    String trimmed = text.trim();
    try {
      return checked(values.reading().apply(trimmed));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw new MalformedSettingException(
          name + " = \"" + trimmed + "\"; allowed is " + values.notation(), e);
    }
  }

  /** The text of which {@link #read} makes this value. */
  String write(Object value) {
    return values.writing().apply(cast(value));
  }

  /**
   * Returns the value.
   *
   * @throws IllegalArgumentException unless it is allowed
   */
  T checked(T value) {
    Objects.requireNonNull(value, name);
    if (!values.allowed().test(value)) {
      throw new IllegalArgumentException(
          name + " must be " + values.range() + ", not " + values.writing().apply(value));
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  T cast(Object value) {
    return (T) value;
  }

  @Override
  public String toString() {
    return name;
  }
}
