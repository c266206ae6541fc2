package io.github.safeasync.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An HTTP response as it came, however far it came. Immutable, but for the array. Thread-safe.
 *
 * @since 0.1.0
 */
public final class RawResponse {

  /**
   * How the response ended. Thread-safe.
   *
   * @since 0.1.0
   */
  public enum End {
    /** All that was announced came, or, if nothing was announced, an orderly close. */
    COMPLETE,
    /** The connection was closed or reset before all that was announced had come. */
    TRUNCATED
  }

  private final int status;
  private final Map<String, List<String>> headers;
  private final byte[] body;
  private final Map<String, List<String>> trailers;
  private final End end;

  RawResponse(
      int status,
      Map<String, List<String>> headers,
      byte[] body,
      Map<String, List<String>> trailers,
      End end) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.trailers = trailers;
    this.end = end;
  }

  /** {@return the status code} */
  public int status() {
    return status;
  }

  /**
   * {@return the first value of a header, empty where it is missing}
   *
   * @param name in any case
   */
  public Optional<String> header(String name) {
    return headers.getOrDefault(name, List.of()).stream().findFirst();
  }

  /** {@return all headers, by name in any case} */
  public Map<String, List<String>> headers() {
    return headers;
  }

  /** {@return the fields that followed the body, by name in any case} */
  public Map<String, List<String>> trailers() {
    return trailers;
  }

  /** {@return the body so far as it came, without the chunks' framing, as UTF-8} */
  public String body() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** {@return the body so far as it came, without the chunks' framing} */
  public byte[] bodyBytes() {
    return body;
  }

  /** {@return how the response ended} */
  public End end() {
    return end;
  }

  /** {@return whether all of the response came} */
  public boolean isComplete() {
    return end == End.COMPLETE;
  }

  @Override
  public String toString() {
    return status + " " + headers + " " + end + " \"" + body() + "\"";
  }
}
