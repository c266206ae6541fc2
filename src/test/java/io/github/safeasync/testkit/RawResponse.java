package io.github.safeasync.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An HTTP response as it came, however far it came. Immutable, but for the array. */
public final class RawResponse {

  /** How the response ended. */
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

  /** The status code. */
  public int status() {
    return status;
  }

  /** The first value of a header, by its name in any case. */
  public Optional<String> header(String name) {
    return headers.getOrDefault(name, List.of()).stream().findFirst();
  }

  /** All headers, by name in any case. */
  public Map<String, List<String>> headers() {
    return headers;
  }

  /** The fields that followed the body, by name in any case. */
  public Map<String, List<String>> trailers() {
    return trailers;
  }

  /** The body so far as it came, without the chunks' framing, as UTF-8. */
  public String body() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** The body so far as it came, without the chunks' framing. */
  public byte[] bodyBytes() {
    return body;
  }

  /** How the response ended. */
  public End end() {
    return end;
  }

  /** Whether all of the response came. */
  public boolean isComplete() {
    return end == End.COMPLETE;
  }

  @Override
  public String toString() {
    return status + " " + headers + " " + end + " \"" + body() + "\"";
  }
}
