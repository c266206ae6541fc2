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
 * the client has gone, {@link #send} returns false. Thread-safe; no method waits, unless the
 * filter's {@code over-limit} is {@code block}.
 *
 * <p>The filter's {@code timeout} ends a stream as any other exchange: an application with streams
 * sets it to 0, or to how long a stream may last, after which the browser connects again.
 *
 * @since 0.1.0
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
   * @return the stream, on the response that {@link SafeAsyncResponse#of} returns
   * @throws IllegalStateException if no {@link io.github.safeasync.SafeAsyncFilter} is mapped to
   *     the request, if it does not support asynchronous processing, or if it has been answered
   * @throws NullPointerException if the request is null
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

  /**
   * Returns the identifier of the last event that the browser has seen, as its request says.
   *
   * @return the identifier; empty at the first connection
   */
  public Optional<String> lastEventId() {
    return Optional.ofNullable(lastEventId);
  }

  /**
   * Sends a message.
   *
   * @param event the event or comment
   * @return true if it was accepted; false if the client has gone, the stream was closed, or the
   *     filter's {@code over-limit} refuses it
   * @throws NullPointerException if the message is null
   */
  public boolean send(SseMessage event) {
    return response.writeAndFlush(event.encoded());
  }

  /**
   * Sends an event that is data alone.
   *
   * @param data the data, of one or many lines
   * @return as {@link #send(SseMessage)} does
   * @throws NullPointerException if the data is null
   */
  public boolean send(String data) {
    return send(SseMessage.of(data));
  }

  /**
   * Sends a comment whenever nothing was sent for some time, so that a client that has vanished is
   * noticed and no proxy thinks the connection dead.
   *
   * @param idle the time without an event, at least 10 ms; the HTML standard suggests 15 seconds
   * @return a handle that stops the heartbeat
   * @throws IllegalArgumentException if the time is less than 10 ms
   * @throws NullPointerException if the time is null
   */
  public Handle heartbeat(Duration idle) {
    return response.heartbeat(idle, HEARTBEAT);
  }

  /**
   * Returns whether the stream is open: the client has not gone, and the stream was not closed.
   *
   * @return true if it is open, as far as is known at this moment
   */
  public boolean isOpen() {
    return response.isOpen();
  }

  /**
   * Returns the response that the stream is written to, for its listeners, for example.
   *
   * @return the response
   */
  public SafeAsyncResponse response() {
    return response;
  }

  /** Closes the stream. The browser connects again, and stops if it is answered 204 then. */
  public void close() {
    response.finish();
  }
}
