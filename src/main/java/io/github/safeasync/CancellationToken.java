package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchanges;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

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
   * Returns the token of the exchange that the calling thread works for, for code that is not
   * handed one: a data source, an HTTP client, a library.
   *
   * <p>That is the exchange of the request on whose thread, behind {@link SafeAsyncFilter}, the
   * call is made, be it synchronous or asynchronous; in {@linkplain
   * SafeAsyncResponse#guard(Runnable) guarded} callbacks and the tasks of {@link
   * SafeAsyncResponse#guardExecutor}; in those of {@link jakarta.servlet.AsyncContext#start
   * AsyncContext.start}, in {@code onDataAvailable}, {@code onAllDataRead} and {@code
   * onWritePossible}; and wherever it was carried, by {@link #wrap(Runnable)} or {@link
   * #makeCurrent}. Listeners of an end work for none: they put things in order.
   *
   * <p>The client of a synchronous request is watched from the first question on, to this token or
   * to one that was bound; with the return of the filter nothing of it is cancelled any more.
   *
   * @return the token, the same for each call of one exchange; {@link #none()} on a thread that
   *     works for no exchange
   */
  static CancellationToken current() {
    CancellationToken current = Exchanges.currentToken();
    return current == null ? NoCancellation.INSTANCE : current;
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
   * @throws CancellationException if the token is cancelled; it has no stack trace, a {@link
   *     ClientDisconnectedException} as its cause if the client has gone, and a {@linkplain
   *     SafeAsyncResponse#guard(Runnable) guarded} callback may let it through
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

  /**
   * Returns a task that works for the exchange of this token: while it runs, on whichever thread,
   * the token is {@linkplain #current() current} there. So an executor carries it:
   *
   * <pre>{@code
   * Executor carrying = task -> pool.execute(CancellationToken.current().wrap(task));
   * }</pre>
   *
   * @param task what to run
   * @return the task; what it throws is thrown
   * @throws NullPointerException if the task is null
   */
  Runnable wrap(Runnable task);

  /**
   * Returns a task that works for the exchange of this token, as {@link #wrap(Runnable)} does.
   *
   * @param task what to call
   * @param <T> the type of the result
   * @return the task; what it throws is thrown
   * @throws NullPointerException if the task is null
   */
  <T extends @Nullable Object> Callable<T> wrap(Callable<? extends T> task);

  /**
   * Makes this token the {@linkplain #current() current} one of the calling thread, for what
   * carries the context of a thread by itself. {@code none().makeCurrent()} leaves none.
   *
   * <pre>{@code
   * Handle before = token.makeCurrent();
   * try {
   *   ...
   * } finally {
   *   before.remove();
   * }
   * }</pre>
   *
   * @return a handle that gives the calling thread back what was current before; on another thread
   *     it does nothing
   */
  Handle makeCurrent();
}
