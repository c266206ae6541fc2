package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call that is bound to an exchange until its response's body is over. Aborted, it fails
 * whoever waits for the response, or reads the body, and cancels the client's own exchange.
 * Thread-safe.
 */
final class BoundCall<T> {

  private final String name;
  private final CancellationToken token;
  private volatile @Nullable BoundBody<T> body;
  private volatile @Nullable Handle binding;
  private volatile boolean over;

  /** Set once the call is aborted. */
  private volatile @Nullable IOException aborted;

  BoundCall(String name, CancellationToken token) {
    this.name = name;
    this.token = token;
  }

  /**
   * Starts the call and binds it.
   *
   * @param sending sends the request, with the handler that it is given
   */
  CompletableFuture<HttpResponse<T>> start(
      BodyHandler<T> handler,
      Function<BodyHandler<T>, CompletableFuture<HttpResponse<T>>> sending) {
    CompletableFuture<HttpResponse<T>> sent = sending.apply(info -> bound(handler.apply(info)));
    Answer<HttpResponse<T>> answer = new Answer<>(sent);
    AutoCloseable abort = () -> abort(answer);
    binding = token.bind(abort);
    if (over) {
      over();
    }
    CompletableFuture<?> unused =
        sent.whenComplete(
            (response, failure) -> {
              if (failure == null) {
                answer.complete(response);
              } else {
                over();
                answer.completeExceptionally(failure);
              }
            });
    return answer;
  }

  private BodySubscriber<T> bound(BodySubscriber<T> own) {
    BoundBody<T> made = new BoundBody<>(own, this::over);
    body = made;
    IOException before = aborted;
    if (before != null) {
      made.abort(before);
    }
    return made;
  }

  /** On a thread that may wait. Whoever waits is told why, before the client tells less. */
  private void abort(Answer<HttpResponse<T>> answer) {
    IOException failure = AbortedCall.failure(name, token);
    aborted = failure;
    answer.completeExceptionally(failure);
    BoundBody<T> reading = body;
    if (reading != null) {
      reading.abort(failure);
    }
    answer.abort();
  }

  /** The client has read all that there is, or nobody wants it. */
  private void over() {
    over = true;
    Handle bound = binding;
    if (bound != null) {
      bound.remove();
    }
  }

  /** The future that the caller has; to cancel it, or one that depends on it, aborts the call. */
  private static final class Answer<V> extends CompletableFuture<V> {

    private final Future<?> sent;

    Answer(Future<?> sent) {
      this.sent = sent;
    }

    void abort() {
      sent.cancel(true);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      sent.cancel(mayInterruptIfRunning);
      return super.cancel(mayInterruptIfRunning) || isCancelled();
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new Answer<>(sent);
    }
  }
}
