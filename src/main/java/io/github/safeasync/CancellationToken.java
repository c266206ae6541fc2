package io.github.safeasync;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;

/**
 * Tells work that nobody waits for it any more. For code that knows nothing of servlets or of HTTP,
 * such as a service layer, which takes it as an argument:
 *
 * <pre>{@code
 * List<Row> report(Query query, CancellationToken token) {
 *   for (Page page : pages(query)) {
 *     token.throwIfCancelled();
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>It follows the filter's policy: a disconnect cancels a GET, and not a POST unless {@link
 * CancelPolicy} says so; the filter's {@code cancel-after} is waited for. Once cancelled, it stays
 * so; after a normal end it never is. Thread-safe, and cheap enough for the inner loop: a look is
 * one volatile read.
 *
 * <p>This interface is implemented by the library alone; methods may be added to it.
 *
 * @since 0.1.0
 */
public interface CancellationToken {

  /**
   * Returns a token that is never cancelled, for tests and for callers without a client. What is
   * bound to it stays as it is.
   *
   * @return a token without an exchange
   */
  static CancellationToken none() {
    return NoCancellation.INSTANCE;
  }

  /**
   * Returns whether the work should stop.
   *
   * @return true from the cancellation on
   */
  boolean isCancelled();

  /**
   * Stops the work by an exception, if it should stop.
   *
   * @throws CancellationException if the token is cancelled; it has no stack trace, and a
   *     {@linkplain SafeAsyncResponse#guard(Runnable) guarded} callback may let it through
   */
  void throwIfCancelled();

  /**
   * Returns whether the client has gone, whatever becomes of the work: also where the policy spares
   * it.
   *
   * @return true once the exchange has ended {@link End.Kind#DISCONNECTED}
   */
  boolean isGone();

  /**
   * Returns the end of the exchange, in whatever way it ends and whether it cancels or not.
   *
   * @return a stage that completes with the end, never exceptionally; that of {@link #none()} never
   *     completes
   */
  CompletionStage<End> end();

  /**
   * Binds work that is cancelled, by {@code cancel(true)}, with this token. On a {@code
   * CompletableFuture} that interrupts nothing, but aborts what watches it: an exchange of {@code
   * java.net.http.HttpClient} ends when the future of its {@code sendAsync} is cancelled.
   *
   * <p>Bound work is cancelled once, on a thread of its own, so that a cancel that blocks delays
   * nobody; one that throws is a line at DEBUG. Of a token that is cancelled already the work is
   * cancelled now, on the calling thread.
   *
   * @param work what to cancel
   * @return a handle that unbinds the work
   * @throws NullPointerException if the work is null
   */
  Handle bind(Future<?> work);

  /**
   * Binds something that is closed with this token, as {@link #bind(Future)} does. A {@code
   * java.sql.Statement} is cancelled instead of closed, as closing it would wait for the query.
   *
   * <p>As a lambda it cancels whatever has a way to be: {@code token.bind(call::cancel)}, {@code
   * token.bind(httpUriRequestBase::cancel)}, {@code token.bind(channel::shutdownNow)}.
   *
   * @param resource what to close
   * @return a handle that unbinds the resource. Unbind a statement before its connection goes back
   *     to a pool
   * @throws NullPointerException if the resource is null
   */
  Handle bind(AutoCloseable resource);

  /**
   * Binds a thread that is interrupted with this token, as {@link #bind(Future)} does.
   *
   * @param thread what to interrupt
   * @return a handle that unbinds the thread: after that it is not interrupted any more, and if it
   *     was and calls this itself, the interrupt is taken back. So a thread of a pool unbinds
   *     itself in a finally
   * @throws NullPointerException if the thread is null
   */
  Handle bind(Thread thread);
}
