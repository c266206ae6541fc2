package io.github.safeasync.sse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One event: its data, and what else there is to say. Immutable and safe for use by any number of
 * threads; it is encoded once, however many clients get it.
 */
public final class SseMessage {

  /** What ends a line in an event stream (HTML standard, section 9.2.5). */
  private static final Pattern LINE_END = Pattern.compile("\r\n|\r|\n");

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
   * Answers an event with data, which may have many lines. The browser is told each line end as a
   * line feed.
   *
   * @param data the data; empty data is an event as well
   */
  public static SseMessage of(String data) {
    return new SseMessage(Objects.requireNonNull(data, "data"), null, null, null, null);
  }

  /**
   * Answers a comment, which the browser ignores.
   *
   * @param comment the comment; each of its lines becomes one
   */
  public static SseMessage comment(String comment) {
    return new SseMessage(null, null, null, null, Objects.requireNonNull(comment, "comment"));
  }

  /**
   * Answers the same with a name, for {@code addEventListener(name)}; without it, for {@code
   * onmessage}.
   *
   * @param name one line
   * @throws IllegalArgumentException if it has a line end
   */
  public SseMessage event(String name) {
    return new SseMessage(data, oneLine("event", name), id, retry, comment);
  }

  /**
   * Answers the same with an identifier, which the browser sends as {@code Last-Event-ID} when it
   * connects again.
   *
   * @param value one line; empty for the browser to forget the last one
   * @throws IllegalArgumentException if it has a line end or U+0000
   */
  public SseMessage id(String value) {
    if (value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("An event's id must not contain the character U+0000");
    }
    return new SseMessage(data, event, oneLine("id", value), retry, comment);
  }

  /**
   * Answers the same with the time after which the browser connects again once the connection is
   * lost.
   *
   * @param time in whole milliseconds, not negative
   * @throws IllegalArgumentException if it is negative
   */
  public SseMessage retry(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("retry must not be negative, but is " + time);
    }
    return new SseMessage(data, event, id, time, comment);
  }

  private static String oneLine(String field, String value) {
    if (LINE_END.matcher(value).find()) {
      throw new IllegalArgumentException("An event's " + field + " must be one line: " + value);
    }
    return value;
  }

  /** Answers the identifier, if there is one. */
  public Optional<String> id() {
    return Optional.ofNullable(id);
  }

  /** Answers the bytes as a buffer of its own; nobody changes them. */
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

  /** Answers the event as it is sent. */
  @Override
  public String toString() {
    return new String(encoded, StandardCharsets.UTF_8);
  }
}
