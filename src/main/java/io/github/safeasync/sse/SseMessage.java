package io.github.safeasync.sse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One message of an event stream: an event with its data, name, identifier and retry time, or a
 * comment. Immutable and thread-safe; it is encoded once, however many clients get it.
 *
 * @since 0.1.0
 */
public final class SseMessage {

  /** What ends a line in an event stream (HTML standard, section 9.2.5). */
  private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

  /** A timer of a browser is of 32 bits; a longer one ends at once. */
  private static final Duration LONGEST_RETRY = Duration.ofMillis(Integer.MAX_VALUE);

  private final @Nullable String data;
  private final @Nullable String event;
  private final @Nullable String id;
  private final @Nullable Duration retry;
  private final @Nullable String comment;
  private final byte[] encoded;

  private SseMessage(
      @Nullable String data,
      @Nullable String event,
      @Nullable String id,
      @Nullable Duration retry,
      @Nullable String comment) {
    this.data = data;
    this.event = event;
    this.id = id;
    this.retry = retry;
    this.comment = comment;
    this.encoded = encode().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Returns an event with data, which may have many lines. The browser sees each line end as a line
   * feed.
   *
   * @param data the data; empty data makes an event as well
   * @return the event, without a name or an identifier
   * @throws NullPointerException if the data is null
   */
  public static SseMessage of(String data) {
    return new SseMessage(Objects.requireNonNull(data, "data"), null, null, null, null);
  }

  /**
   * Returns a comment, which the browser ignores.
   *
   * @param comment the comment; each of its lines becomes one
   * @return the comment
   * @throws NullPointerException if the comment is null
   */
  public static SseMessage comment(String comment) {
    return new SseMessage(null, null, null, null, Objects.requireNonNull(comment, "comment"));
  }

  /**
   * Returns a copy with a name. The browser gives an event with a name to {@code
   * addEventListener(name)}, one without to {@code onmessage}.
   *
   * @param name the name, one line
   * @return the copy
   * @throws IllegalArgumentException if the name has a line end
   * @throws NullPointerException if the name is null
   */
  public SseMessage event(String name) {
    return new SseMessage(
        data, oneLine("event", Objects.requireNonNull(name, "name")), id, retry, comment);
  }

  /**
   * Returns a copy with an identifier, which the browser sends as {@code Last-Event-ID} when it
   * connects again.
   *
   * @param value the identifier, one line; empty for the browser to forget the last one
   * @return the copy
   * @throws IllegalArgumentException if the identifier has a line end or U+0000
   * @throws NullPointerException if the identifier is null
   */
  public SseMessage id(String value) {
    Objects.requireNonNull(value, "value");
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("An event's id must not contain the character U+0000");
    }
    return new SseMessage(data, event, oneLine("id", value), retry, comment);
  }

  /**
   * Returns a copy with the time after which the browser connects again once the connection is
   * lost.
   *
   * @param time the time, not negative; cut to whole milliseconds
   * @return the copy
   * @throws IllegalArgumentException if the time is negative, or longer than a browser's timer can
   *     be, 24 days
   * @throws NullPointerException if the time is null
   */
  public SseMessage retry(Duration time) {
    Objects.requireNonNull(time, "time");
    if (time.isNegative() || time.compareTo(LONGEST_RETRY) > 0) {
      throw new IllegalArgumentException(
          "retry must be 0 to " + LONGEST_RETRY.toDays() + " days, but is " + time);
    }
    return new SseMessage(data, event, id, time, comment);
  }

  private static String oneLine(String field, String value) {
    if (LINE_END.matcher(value).find()) {
      throw new IllegalArgumentException(
          "An event's " + field + " must be one line, without CR, LF");
    }
    return value;
  }

  /**
   * Returns the identifier.
   *
   * @return the identifier; empty if it was given none
   */
  public Optional<String> id() {
    return Optional.ofNullable(id);
  }

  /** Returns the bytes as a buffer of its own; nobody changes them. */
  ByteBuffer encoded() {
    return ByteBuffer.wrap(encoded);
  }

  private String encode() {
    StringBuilder text = new StringBuilder();
    lines(text, "", comment);
    lines(text, "event", event);
    lines(text, "id", id);
    lines(text, "retry", retry == null ? null : Long.toString(retry.toMillis()));
    lines(text, "data", data);
    return text.append('\n').toString();
  }

  private static void lines(StringBuilder text, String field, @Nullable String value) {
    if (value == null) {
      return;
    }
    for (String line : LINE_END.split(value, -1)) {
      text.append(field).append(": ").append(line).append('\n');
    }
  }

  /** Returns the message as it is sent, with the empty line at its end. */
  @Override
  public String toString() {
    return new String(encoded, StandardCharsets.UTF_8);
  }
}
