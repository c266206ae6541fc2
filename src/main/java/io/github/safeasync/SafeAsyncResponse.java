package io.github.safeasync;

import jakarta.servlet.ServletRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The response of an asynchronous exchange, harmless in every state: once the client has gone, or
 * the exchange has ended in any other way, no call throws because of that or reaches the container.
 *
 * <pre>{@code
 * SafeAsyncResponse response = SafeAsyncResponse.of(request);
 * response.onDisconnect(gone -> log.info("client left: {}", gone));
 * search.whenComplete(response.guard((result, failure) -> {
 *   response.status(200).contentType("text/plain").write(result);
 *   response.finish();
 * }));
 * }</pre>
 *
 * <p>Every method may be called from any thread at any time, and none waits for another thread or
 * for the client. What is written goes out in the order of the calls, each write whole. A null
 * argument throws {@link NullPointerException}, and a malformed one {@link
 * IllegalArgumentException}, whatever the state.
 *
 * <p>Status, headers and body are kept until they are worth sending: until {@link #flush}, {@link
 * #finish}, or more than the container's response buffer. As with every asynchronous response of
 * the Servlet API, nothing leaves the server before the servlet's {@code service} method has
 * returned.
 *
 * <p>This interface is implemented by the library alone; methods may be added to it.
 */
public interface SafeAsyncResponse {

  /**
   * Answers the response of the exchange that a request belongs to, and makes the request
   * asynchronous if it is not. To be called from the thread that handles the request, inside a
   * servlet or a filter behind {@link SafeAsyncFilter}; the answer may go to any thread.
   *
   * @param request the request, or any wrapper of it
   * @return the same response at each call for one request
   * @throws IllegalStateException if no {@link SafeAsyncFilter} is mapped to the request, if it or
   *     another filter or the servlet does not support asynchronous requests, or if the request has
   *     been answered
   */
  static SafeAsyncResponse of(ServletRequest request) {
    return Exchange.behind(request).take();
  }

  /**
   * Answers whether a write would be accepted: neither has the exchange ended nor was its response
   * finished.
   */
  boolean isOpen();

  /** Answers whether status and headers have been handed to the container. */
  boolean isCommitted();

  /**
   * Sets the status; ignored, with a line at DEBUG, once the response is committed.
   *
   * @param status 200 to 599; 200 unless set
   * @return this response
   */
  SafeAsyncResponse status(int status);

  /**
   * Sets the content type; ignored, with a line at DEBUG, once the response is committed. Its
   * charset is the one in which texts are encoded, UTF-8 if it names none. Without this, text is
   * {@code text/plain;charset=utf-8}.
   *
   * @param contentType a media type such as {@code text/html} or {@code text/plain;charset=utf-16}
   * @return this response
   */
  SafeAsyncResponse contentType(String contentType);

  /**
   * Sets a header in place of any value that it has; ignored, with a line at DEBUG, once the
   * response is committed.
   *
   * @param name the header's name
   * @param value the header's value
   * @return this response
   */
  SafeAsyncResponse header(String name, String value);

  /**
   * Adds a value to a header; ignored, with a line at DEBUG, once the response is committed.
   *
   * @param name the header's name
   * @param value the further value
   * @return this response
   */
  SafeAsyncResponse addHeader(String name, String value);

  /**
   * Writes a text in the charset of the content type. Each text is encoded by itself.
   *
   * @param text the text
   * @return true if it was accepted, false if the response is not open
   */
  boolean write(CharSequence text);

  /**
   * Writes bytes; they are copied.
   *
   * @param bytes the bytes
   * @return true if they were accepted, false if the response is not open
   */
  boolean write(byte[] bytes);

  /**
   * Writes the remaining bytes of a buffer; they are copied, and the buffer has none remaining
   * afterwards.
   *
   * @param bytes the buffer
   * @return true if they were accepted; false, with the buffer unchanged, if the response is not
   *     open
   */
  boolean write(ByteBuffer bytes);

  /**
   * Sends what was written so far.
   *
   * @return completes with true when the container has taken all of it and is ready for more, with
   *     false if the exchange ended first; never exceptionally. What hangs on it runs on the
   *     filter's executor
   */
  CompletionStage<Boolean> flush();

  /**
   * Finishes the response. The exchange ends COMPLETED when the container has taken all that was
   * written.
   *
   * @return true if this call finished it, false if the response was not open
   */
  boolean finish();

  /**
   * Writes a text and finishes the response; nothing comes between the two.
   *
   * @param body the last text of the body
   * @return true if this call finished it, false if the response was not open
   */
  boolean finish(CharSequence body);

  /**
   * Writes bytes and finishes the response; nothing comes between the two.
   *
   * @param body the last bytes of the body; they are copied
   * @return true if this call finished it, false if the response was not open
   */
  boolean finish(byte[] body);

  /**
   * Writes the remaining bytes of a buffer and finishes the response; nothing comes between.
   *
   * @param body the last bytes of the body; they are copied
   * @return true if this call finished it, false if the response was not open
   */
  boolean finish(ByteBuffer body);

  /**
   * Answers with an error status and the container's error page, as {@link #sendError(int, String)}
   * without a message.
   *
   * @param status 400 to 599
   * @return true if this call finished the response, false if it was not open
   */
  boolean sendError(int status);

  /**
   * Answers with an error status and the container's error page in place of what was written so
   * far; headers stay. If a part of the body has been sent, the connection is aborted (on HTTP/2
   * the stream), so that the client sees a truncated response and not a clean one, and the exchange
   * ends FAILED.
   *
   * @param status 400 to 599
   * @param message what the error page is to say, or null for the container's own words
   * @return true if this call finished the response, false if it was not open
   */
  boolean sendError(int status, @Nullable String message);

  /**
   * Answers the end of the exchange.
   *
   * @return completes with the end, never exceptionally; it cannot be completed by the application.
   *     What hangs on it runs on the filter's executor
   */
  CompletionStage<End> end();

  /**
   * Answers how a hang-up of this client would be noticed, as things stand now.
   *
   * @return never null; {@link Detection#ON_WRITE} once the exchange has ended
   */
  Detection detection();

  /**
   * Registers what is to happen when the client hangs up before the response is finished.
   *
   * @param listener runs once, on the filter's executor, and at once on the calling thread if the
   *     client has gone already; never if the exchange ends otherwise
   * @return takes the registration back
   */
  Registration onDisconnect(Consumer<? super Departure> listener);

  /**
   * Registers what is to happen when the exchange has ended, in whatever way.
   *
   * @param listener runs once, on the filter's executor in the order of registration, and at once
   *     on the calling thread if the exchange has ended already
   * @return takes the registration back
   */
  Registration onEnd(Consumer<? super End> listener);

  /**
   * Answers a callback that lets no exception out. While the response is open, an exception becomes
   * an error response: the status of an {@link HttpStatusException}, otherwise 500, the exchange
   * ends FAILED and the exception is logged. Afterwards it is one line at DEBUG.
   *
   * @param callback what to run
   * @return the guarded callback
   */
  Runnable guard(Runnable callback);

  /**
   * Guards a callback as {@link #guard(Runnable)} does.
   *
   * @param callback what to call
   * @param <T> the type of the result
   * @return the guarded callback; its result is null if the callback failed
   */
  <T> Callable<@Nullable T> guard(Callable<? extends @Nullable T> callback);

  /**
   * Guards a callback as {@link #guard(Runnable)} does.
   *
   * @param callback what to call
   * @param <T> the type of the argument
   * @return the guarded callback
   */
  <T extends @Nullable Object> Consumer<T> guard(Consumer<? super T> callback);

  /**
   * Guards a callback as {@link #guard(Runnable)} does, such as the one of {@link
   * CompletionStage#whenComplete}.
   *
   * @param callback what to call
   * @param <T> the type of the first argument
   * @param <U> the type of the second argument
   * @return the guarded callback
   */
  <T extends @Nullable Object, U extends @Nullable Object> BiConsumer<T, U> guard(
      BiConsumer<? super T, ? super U> callback);
}
