package io.github.safeasync.sse;

import io.github.safeasync.Handle;
import io.github.safeasync.SafeAsyncResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The event stream of one client. Harmless in every state, as the response that it writes to: once
 * the client has gone, {@link #send} answers false. Thread-safe; nothing waits.
 *
 * <p>The filter's {@code timeout} ends a stream as any other exchange: an application with streams
 * sets it to 0, or to how long a stream may last, after which the browser connects again.
 */
public final class SseStream {

  private static final ByteBuffer HEARTBEAT = ByteBuffer.wrap(new byte[] {':', '\n', '\n'});

  private final SafeAsyncResponse response;
  private final @Nullable String lastEventId;

  SseStream(SafeAsyncResponse response, @Nullable String lastEventId) {
    this.response = response;
    this.lastEventId = lastEventId;
  }

  /**
   * Opens a stream as the response to a request and sends its head, so that the browser's {@code
   * onopen} is called.
   *
   * @param request the request, or any wrapper of it
   * @throws IllegalStateException as {@link SafeAsyncResponse#of} does
   */
  public static SseStream open(HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response
        .contentType("text/event-stream")
        .header("Cache-Control", "no-cache")
        // nginx keeps back what it proxies otherwise.
        .header("X-Accel-Buffering", "no")
        .writeAndFlush(HEARTBEAT.duplicate());
    return new SseStream(response, lastEventIdOf(request));
  }

  /** The header is UTF-8 (HTML standard, section 9.2.3), which containers read as ISO-8859-1. */
  private static @Nullable String lastEventIdOf(HttpServletRequest request) {
    String value = request.getHeader("Last-Event-ID");
    if (value == null || value.isEmpty()) {
      return null;
    }
    try {
      ByteBuffer bytes = StandardCharsets.ISO_8859_1.newEncoder().encode(CharBuffer.wrap(value));
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException readAsSomethingElse) {
      return value;
    }
  }

  /** Answers the identifier of the last event that the browser has seen, if it says one. */
  public Optional<String> lastEventId() {
    return Optional.ofNullable(lastEventId);
  }

  /**
   * Sends an event.
   *
   * @return true if it was accepted; false if the client has gone, the stream was closed, or the
   *     filter's {@code over-limit} is {@code drop-newest} and too much waits for the client
   */
  public boolean send(SseMessage event) {
    return response.writeAndFlush(event.encoded());
  }

  /**
   * Sends an event that is data alone.
   *
   * @return as {@link #send(SseEvent)}
   */
  public boolean send(String data) {
    return send(SseMessage.of(data));
  }

  /**
   * Sends a comment whenever nothing was sent for some time, so that a client that has vanished is
   * noticed and no proxy thinks the connection dead.
   *
   * @param idle at least 10 ms; the HTML standard suggests 15 seconds
   * @return takes the heartbeat back
   */
  public Handle heartbeat(Duration idle) {
    return response.heartbeat(idle, HEARTBEAT);
  }

  /** Answers whether an event would be accepted, as far as is known at this moment. */
  public boolean isOpen() {
    return response.isOpen();
  }

  /** Answers the response, to hear of its end, for example. */
  public SafeAsyncResponse response() {
    return response;
  }

  /** Closes the stream; the browser will connect again, unless it is answered 204 then. */
  public void close() {
    response.finish();
  }
}
