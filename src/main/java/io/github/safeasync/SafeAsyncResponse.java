package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchanges;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.Cookie;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The response of an asynchronous exchange, harmless in every state: once the client has gone, or
 * the exchange has ended in any other way, no call throws because of that or reaches the container.
 *
 * <pre>{@code
 * SafeAsyncResponse response = SafeAsyncResponse.of(request);
 * response.onDisconnect(departure -> log.info("client has gone: {}", departure));
 * search.whenComplete(response.guard((result, failure) -> {
 *   response.status(200).contentType("text/plain").write(result);
 *   response.finish();
 * }));
 * }</pre>
 *
 * <p>Thread-safe. Every method may be called from any thread at any time, and none waits for
 * another thread or for the client, except for a write where the filter's {@code over-limit} is
 * {@code block}. What is written goes out in the order of the calls, each write whole. A null
 * argument throws {@link NullPointerException}, and a malformed one {@link
 * IllegalArgumentException}, whatever the state.
 *
 * <p>Status, headers and body are kept until they are worth sending: until {@link #flush}, {@link
 * #finish}, or more than the container's response buffer. As with every asynchronous response of
 * the Servlet API, nothing leaves the server before the servlet's {@code service} method has
 * returned.
 *
 * <p>This interface is implemented by the library alone; methods may be added to it.
 *
 * @since 0.1.0
 */
public interface SafeAsyncResponse {

  /**
   * Returns the response of the exchange that a request belongs to, and makes the request
   * asynchronous if it is not. To be called from the thread that handles the request, inside a
   * servlet or a filter behind {@link SafeAsyncFilter}; the response may go to any thread.
   *
   * @param request the request, or any wrapper of it
   * @return the response, the same at each call for one request
   * @throws IllegalStateException if no {@link SafeAsyncFilter} is mapped to the request, if it or
   *     another filter or the servlet does not support asynchronous requests, or if the request has
   *     been answered
   * @throws NullPointerException if the request is null
   */
  static SafeAsyncResponse of(ServletRequest request) {
    return Exchanges.responseOf(Objects.requireNonNull(request, "request"));
  }

  /**
   * Returns the response of the exchange that the calling thread works for, for code that is not
   * handed one: see {@link CancellationToken#current()}, which returns its token and is there for
   * synchronous requests, too.
   *
   * @return the response, such as that of the {@linkplain #guard(Runnable) guarded} callback that
   *     runs; empty on a thread that works for no exchange, or one whose response was not taken
   */
  static Optional<SafeAsyncResponse> current() {
    return Optional.ofNullable(Exchanges.currentResponse());
  }

  /**
   * Returns whether the response can still be written to: neither has the exchange ended nor was
   * its response finished.
   *
   * @return true if it is open, as far as is known at this moment
   */
  boolean isOpen();

  /**
   * Returns whether status and headers have been handed to the container.
   *
   * @return true if they cannot be changed any more
   */
  boolean isCommitted();

  /**
   * Sets the status; ignored, with a line at DEBUG, once the response is committed.
   *
   * @param status the HTTP status, 200 to 599; 200 unless set
   * @return this response
   * @throws IllegalArgumentException if the status is not in that range
   */
  SafeAsyncResponse status(int status);

  /**
   * Sets the content type; ignored, with a line at DEBUG, once the response is committed, or if
   * text has been written in a charset other than the one it names. Its charset is the one in which
   * texts are encoded, UTF-8 if it names none. Without this, text is {@code
   * text/plain;charset=utf-8}.
   *
   * @param contentType a media type such as {@code text/html} or {@code text/plain;charset=utf-16}
   * @return this response
   * @throws IllegalArgumentException if it names a charset in which this JVM cannot write, or has a
   *     character that no header may have
   * @throws NullPointerException if it is null
   */
  SafeAsyncResponse contentType(String contentType);

  /**
   * Sets a header in place of any value that it has; ignored, with a line at DEBUG, once the
   * response is committed.
   *
   * @param name the header's name, an HTTP token
   * @param value the header's value: visible characters up to U+00FF, spaces and tabs
   * @return this response
   * @throws IllegalArgumentException if the name is not a token, or the value has another character
   *     than allowed, such as a line end
   * @throws NullPointerException if an argument is null
   */
  SafeAsyncResponse header(String name, String value);

  /**
   * Adds a value to a header; ignored, with a line at DEBUG, once the response is committed.
   *
   * @param name the header's name, an HTTP token
   * @param value the further value, as of {@link #header}
   * @return this response
   * @throws IllegalArgumentException if the name is not a token, or the value has another character
   *     than allowed, such as a line end
   * @throws NullPointerException if an argument is null
   */
  SafeAsyncResponse addHeader(String name, String value);

  /**
   * Declares how long the body is; ignored, with a line at DEBUG, once the response is committed. A
   * body of another length ends the exchange FAILED, and is cut off.
   *
   * @param bytes the length of the body in bytes, 0 or more
   * @return this response
   * @throws IllegalArgumentException if it is negative
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-8.6">RFC 9110 section 8.6</a>
   */
  SafeAsyncResponse contentLength(long bytes);

  /**
   * Adds a cookie, as it is now; ignored, with a line at DEBUG, once the response is committed. The
   * container writes it in the form that it is told to.
   *
   * @param cookie the cookie; its value may be empty
   * @return this response
   * @throws IllegalArgumentException if its value, path or domain has a character that a cookie
   *     cannot have (RFC 6265 section 4.1.1): encode the value
   * @throws NullPointerException if it is null
   */
  SafeAsyncResponse cookie(Cookie cookie);

  /**
   * Sets a field that follows the body, such as a checksum of it or a status that is known late.
   * Once the response is committed, that takes a header {@code Trailer} which names it, set before:
   *
   * <pre>{@code
   * response.header("Trailer", "Digest");
   * rows.forEach(row -> response.write(digest.update(row)));
   * response.trailer("Digest", digest.value()).finish();
   * }</pre>
   *
   * <p>Ignored, with a line at DEBUG, if the response is not open, or is committed and has no
   * header {@code Trailer}. Nothing follows the body of a response that has a length, that answers
   * a HEAD, or whose client speaks HTTP/1.0; and many clients look at no trailer.
   *
   * @param name the field's name, an HTTP token
   * @param value the field's value
   * @return this response
   * @throws IllegalArgumentException if the name is not a token or is that of a field that is
   *     needed before the body, or the value has a character that no header may have
   * @throws NullPointerException if an argument is null
   * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-6.5">RFC 9110 section 6.5</a>
   */
  SafeAsyncResponse trailer(String name, String value);

  /**
   * Writes a text in the charset of the content type. Each text is encoded by itself: a surrogate
   * pair must not be split between two.
   *
   * @param text the next piece of the body
   * @return true if it was accepted; false if the response is not open, or the filter's {@code
   *     over-limit} refuses the write
   * @throws NullPointerException if the text is null
   */
  boolean write(CharSequence text);

  /**
   * Writes bytes; they are copied.
   *
   * @param bytes the next piece of the body
   * @return true if they were accepted; false if the response is not open, or the filter's {@code
   *     over-limit} refuses the write
   * @throws NullPointerException if the array is null
   */
  boolean write(byte[] bytes);

  /**
   * Writes the remaining bytes of a buffer; they are copied, and the buffer has none remaining
   * afterwards.
   *
   * @param bytes the next piece of the body
   * @return true if they were accepted; false, with the buffer unchanged, if the response is not
   *     open, or the filter's {@code over-limit} refuses the write
   * @throws NullPointerException if the buffer is null
   */
  boolean write(ByteBuffer bytes);

  /**
   * Writes the remaining bytes of a buffer without a copy. They belong to the response from now on:
   * nobody may change them, but they may be given to several responses, each with a buffer of its
   * own that shares them.
   *
   * @param bytes the next piece of the body; the buffer's position does not change
   * @return true if they were accepted; false if the response is not open, or the filter's {@code
   *     over-limit} refuses the write
   * @throws NullPointerException if the buffer is null
   */
  boolean writeOwned(ByteBuffer bytes);

  /**
   * Writes as {@link #writeOwned} does and sends what was written so far, for those who need not
   * know when it was taken.
   *
   * @param bytes the next piece of the body, possibly empty; the buffer's position does not change
   * @return true if they were accepted; false if the response is not open, or the filter's {@code
   *     over-limit} refuses the write
   * @throws NullPointerException if the buffer is null
   */
  boolean writeAndFlush(ByteBuffer bytes);

  /**
   * Returns whether the response is open and fewer than {@code max-pending-bytes} wait for the
   * client: the next write is accepted then, however large. A write at another time is accepted
   * too, up to the {@code pending-limit}: but it only adds to what waits in memory.
   *
   * @return true if it is writable, as far as is known at this moment
   */
  boolean isWritable();

  /**
   * Registers what is to happen when the response is writable: once, and now if it is. A source
   * that writes as long as {@link #isWritable} is true, and registers itself here when it is not,
   * goes as fast as the client.
   *
   * @param callback what runs then, on the filter's executor and guarded as by {@link
   *     #guard(Runnable)}; it never runs if the response is finished or the exchange ends first
   * @return a handle that takes the registration back
   * @throws NullPointerException if the callback is null
   */
  Handle onWritable(Runnable callback);

  /**
   * Sends what was written so far.
   *
   * @return a stage that completes with true when the container has taken all of it and is ready
   *     for more; with false if the exchange ended first, or the filter's {@code over-limit} has
   *     refused the flush, which counts as a small write; never exceptionally. What depends on it
   *     runs on the filter's executor
   */
  CompletionStage<Boolean> flush();

  /**
   * Finishes the response. The exchange ends {@link End.Kind#COMPLETED} when the container has
   * taken all that was written.
   *
   * @return true if this call finished it, false if the response was not open
   */
  boolean finish();

  /**
   * Writes a text and finishes the response; nothing comes between the two.
   *
   * @param body the last text of the body
   * @return true if this call finished it; false if the response was not open, or the filter's
   *     {@code over-limit} refuses the write
   * @throws NullPointerException if the text is null
   */
  boolean finish(CharSequence body);

  /**
   * Writes bytes and finishes the response; nothing comes between the two.
   *
   * @param body the last bytes of the body; they are copied
   * @return true if this call finished it; false if the response was not open, or the filter's
   *     {@code over-limit} refuses the write
   * @throws NullPointerException if the array is null
   */
  boolean finish(byte[] body);

  /**
   * Writes the remaining bytes of a buffer and finishes the response; nothing comes between the
   * two.
   *
   * @param body the last bytes of the body; they are copied, and the buffer has none remaining
   *     afterwards
   * @return true if this call finished it; false, with the buffer unchanged, if the response was
   *     not open, or the filter's {@code over-limit} refuses the write
   * @throws NullPointerException if the buffer is null
   */
  boolean finish(ByteBuffer body);

  /**
   * Writes what a publisher sends, as fast as the client takes it, and finishes the response when
   * the publisher completes. At the end of the exchange the subscription is cancelled. A failure of
   * the publisher is treated as one of a {@linkplain #guard(Runnable) guarded} callback.
   *
   * @param source the publisher, of buffers that nobody changes any more
   * @return the stage that {@link #outcome} returns
   * @throws NullPointerException if the source is null
   */
  CompletionStage<Outcome> send(Flow.Publisher<ByteBuffer> source);

  /**
   * Sends a file with its length, time, and the content type that the container has for its name
   * unless one is set, and finishes the response; with 404 if there is no such file. It is read as
   * fast as the client takes it, a few chunks at a time, and closed at the end of the exchange.
   *
   * <p>A GET or HEAD is answered by its conditions (304, 412) and one range (206, 416) if it would
   * be 200 otherwise; several ranges at once with the whole. The {@code ETag} is made of length and
   * time unless one is set, and weak until the file is two seconds old. A file that is changed
   * while it is sent is cut off, so that no client takes a mixture for whole; one that is appended
   * to or replaced by another is sent as it was.
   *
   * @param file a regular file; its name is the application's choice and never the client's
   * @return the stage that {@link #outcome} returns
   * @throws NullPointerException if the file is null
   */
  CompletionStage<Outcome> send(Path file);

  /**
   * Sends what a channel has, as fast as the client takes it, and finishes the response at its end.
   * The channel is closed at the end of the exchange, even while it is being read. A failure is
   * treated as one of a {@linkplain #guard(Runnable) guarded} callback.
   *
   * @param source a channel in blocking mode
   * @param reader runs the reading, which may block: an executor with enough threads for that, or
   *     of virtual threads
   * @return the stage that {@link #outcome} returns
   * @throws NullPointerException if an argument is null
   */
  CompletionStage<Outcome> send(ReadableByteChannel source, Executor reader);

  /**
   * Sends what a stream has, as {@link #send(ReadableByteChannel, Executor)} does.
   *
   * @param source a stream; closed at the end of the exchange, by another thread than the one that
   *     reads
   * @param reader runs the reading, which may block
   * @return the stage that {@link #outcome} returns
   * @throws NullPointerException if an argument is null
   */
  CompletionStage<Outcome> send(InputStream source, Executor reader);

  /**
   * Writes and sends a few bytes whenever nothing was written for some time and nothing waits for
   * the client, so that one that has vanished without a FIN is noticed by the failing write, with
   * {@link Evidence#HEARTBEAT}. The first write to a vanished client succeeds: it takes two
   * heartbeats or more, and as long as TCP tries.
   *
   * @param idle the time without a write, at least 10 ms; 15 seconds and more suit most proxies
   * @param bytes what the media type allows between two messages, such as a newline, or {@code :}
   *     and two newlines in an event stream; they are copied
   * @return a handle that stops the heartbeat
   * @throws IllegalArgumentException if the time is less than 10 ms
   * @throws NullPointerException if an argument is null
   */
  Handle heartbeat(Duration idle, ByteBuffer bytes);

  /**
   * Finishes the response with an error status and the container's error page, as {@link
   * #sendError(int, String)} without a message.
   *
   * @param status the HTTP status, 400 to 599
   * @return true if this call finished the response, false if it was not open
   * @throws IllegalArgumentException if the status is not in that range
   */
  boolean sendError(int status);

  /**
   * Finishes the response with an error status and the container's error page in place of what was
   * written so far; headers stay. If a part of the body has been sent, the connection is aborted
   * (on HTTP/2 the stream), so that the client sees a truncated response and not a clean one, and
   * the exchange ends {@link End.Kind#FAILED}.
   *
   * @param status the HTTP status, 400 to 599
   * @param message what the error page is to say, or null for the container's own words
   * @return true if this call finished the response, false if it was not open
   * @throws IllegalArgumentException if the status is not in that range
   */
  boolean sendError(int status, @Nullable String message);

  /**
   * Sends the client to another place with the status 302, as {@link #redirect(int, String)} does.
   *
   * @param location where to: a URI reference, relative or absolute
   * @return true if this call finished the response, false if it was not open
   * @throws IllegalArgumentException if it is empty, or has a character that a URI cannot have
   * @throws NullPointerException if it is null
   */
  boolean redirect(String location);

  /**
   * Sends the client to another place, in place of what was written so far; headers stay. If a part
   * of the body has been sent, the connection is aborted, as by {@link #sendError(int, String)}.
   *
   * @param status 301, 302, 303, 307 or 308
   * @param location where to: a URI reference, relative or absolute, sent as it is (RFC 9110
   *     section 10.2.2)
   * @return true if this call finished the response, false if it was not open
   * @throws IllegalArgumentException if the status is another one, or if the location is empty or
   *     has a character that a URI cannot have (RFC 3986): encode it
   * @throws NullPointerException if the location is null
   */
  boolean redirect(int status, String location);

  /**
   * Returns the body as a stream, for libraries that write to one, such as those for JSON, CSV or
   * ZIP. To be used by one thread at a time, on a thread of the application's own or a virtual one:
   * there a write waits while the response is not writable, for the {@code write-timeout} at most,
   * as with {@link OverLimit#BLOCK}. The thread that handles the request does not wait, as nothing
   * is sent before the servlet returns.
   *
   * <p>Some kilobytes are kept together until {@link OutputStream#flush flush} or the next ones;
   * {@link OutputStream#close close} finishes the response. Once the client has gone, writing,
   * flushing and closing throw {@link ClientDisconnectedException}; after any other end, or once
   * the response was finished, another {@link java.io.IOException}.
   *
   * @return a new view of the body; what several write goes out piece by piece
   */
  OutputStream outputStream();

  /**
   * Returns the body as a text stream, as {@link #outputStream}, in the charset of the content
   * type, which cannot change any more.
   *
   * @return a new view of the body
   */
  Writer writer();

  /**
   * Returns the end of the exchange.
   *
   * @return a stage that completes with the end, never exceptionally; the application cannot
   *     complete it. What depends on it runs on the filter's executor
   */
  CompletionStage<End> end();

  /**
   * Returns what is known of the delivery, when the exchange has ended.
   *
   * @return a stage that completes with the outcome, never exceptionally. What depends on it runs
   *     on the filter's executor
   */
  CompletionStage<Outcome> outcome();

  /**
   * Returns how a disconnect of this client would be noticed, as things stand now.
   *
   * @return the way, never null; {@link Detection#ON_WRITE} once the exchange has ended
   */
  Detection detection();

  /**
   * Registers what is to happen when the client disconnects before the response is finished.
   *
   * @param listener what runs once, on the filter's executor, or at once on the calling thread if
   *     the client has gone already; it never runs if the exchange ends otherwise
   * @return a handle that takes the registration back
   * @throws NullPointerException if the listener is null
   */
  Handle onDisconnect(Consumer<? super Departure> listener);

  /**
   * Registers what is to happen when the exchange has ended, in whatever way.
   *
   * @param listener what runs once, on the filter's executor in the order of registration, or at
   *     once on the calling thread if the exchange has ended already
   * @return a handle that takes the registration back
   * @throws NullPointerException if the listener is null
   */
  Handle onEnd(Consumer<? super End> listener);

  /**
   * Binds work that nobody needs once the client has gone; it is cancelled then by {@code
   * cancel(true)}. An exchange of {@code java.net.http.HttpClient} is bound by the future of its
   * {@code sendAsync}.
   *
   * <p>Bound work is cancelled once: when the exchange ends {@link End.Kind#DISCONNECTED}, or in
   * another way that the filter's {@code cancel-on} names; after the filter's {@code cancel-after};
   * and only where the {@link CancelPolicy} says so, which by default spares a POST. Never after a
   * normal end. Each cancel runs on a thread of its own, so that one that blocks delays nobody; one
   * that throws is a line at DEBUG. What is bound too late is cancelled now, on the calling thread.
   *
   * @param work what to cancel
   * @return a handle that unbinds the work
   * @throws NullPointerException if the work is null
   */
  Handle cancelOnDisconnect(Future<?> work);

  /**
   * Binds a resource that is closed once the client has gone, as {@link
   * #cancelOnDisconnect(Future)} does. A {@code java.sql.Statement} is cancelled instead of closed,
   * as closing it would wait for the query.
   *
   * <p>As a lambda it cancels whatever has a way to be: {@code cancelOnDisconnect(call::cancel)},
   * {@code cancelOnDisconnect(httpUriRequestBase::cancel)}.
   *
   * @param resource what to close
   * @return a handle that unbinds the resource. Unbind a statement before its connection goes back
   *     to a pool
   * @throws NullPointerException if the resource is null
   */
  Handle cancelOnDisconnect(AutoCloseable resource);

  /**
   * Binds a thread that is interrupted once the client has gone, as {@link
   * #cancelOnDisconnect(Future)} does.
   *
   * @param thread what to interrupt
   * @return a handle that unbinds the thread: after that it is not interrupted any more, and if it
   *     was and calls this itself, the interrupt is taken back. So a thread of a pool unbinds
   *     itself in a finally
   * @throws NullPointerException if the thread is null
   */
  Handle cancelOnDisconnect(Thread thread);

  /**
   * Overrides the filter's {@code cancel} for this exchange: whether its work is cancelled when the
   * client disconnects. Without effect once that is decided.
   *
   * @param policy the policy of this exchange
   * @return this response
   * @throws NullPointerException if the policy is null
   */
  SafeAsyncResponse cancelPolicy(CancelPolicy policy);

  /**
   * Returns what tells the exchange's work to stop, free of servlets and HTTP, to be handed to
   * those who do it. It follows the {@link CancelPolicy}.
   *
   * @return the token, the same at each call
   */
  CancellationToken token();

  /**
   * Leaves by an exception if the client has gone. That is a fact, whatever the {@link
   * CancelPolicy}; work that is to follow it asks the {@link #token()}.
   *
   * @throws ClientDisconnectedException if the exchange has ended {@link End.Kind#DISCONNECTED}
   */
  void throwIfGone() throws ClientDisconnectedException;

  /**
   * Returns a callback that lets no exception out. While the response is open, an exception becomes
   * an error response: the status of an {@link HttpStatusException}; otherwise 500, the exchange
   * ends {@link End.Kind#FAILED} and the exception is logged. Afterwards it is one line at DEBUG.
   *
   * @param callback what to run
   * @return the guarded callback
   * @throws NullPointerException if the callback is null
   */
  Runnable guard(Runnable callback);

  /**
   * Guards a callback as {@link #guard(Runnable)} does.
   *
   * @param callback what to call
   * @param <T> the type of the result
   * @return the guarded callback; its result is null if the callback failed
   * @throws NullPointerException if the callback is null
   */
  <T> Callable<@Nullable T> guard(Callable<? extends @Nullable T> callback);

  /**
   * Guards a callback as {@link #guard(Runnable)} does.
   *
   * @param callback what to call
   * @param <T> the type of the argument
   * @return the guarded callback
   * @throws NullPointerException if the callback is null
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
   * @throws NullPointerException if the callback is null
   */
  <T extends @Nullable Object, U extends @Nullable Object> BiConsumer<T, U> guard(
      BiConsumer<? super T, ? super U> callback);

  /**
   * Guards every task of an executor as {@link #guard(Runnable)} does, for the stages of a {@code
   * CompletableFuture}: {@code stage.thenApplyAsync(this::load, response.guardExecutor(pool))}. In
   * each of them this response is {@linkplain #current() current}. It has another name than guard,
   * as a lambda with one argument would fit both.
   *
   * @param executor what runs the tasks
   * @return the guarded executor
   * @throws NullPointerException if the executor is null
   */
  Executor guardExecutor(Executor executor);
}
