package io.github.safeasync.internal.body;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.internal.Log;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a publisher sends as fast as the client takes it, and finishes the response when the
 * publisher completes. Conforms to the rules of {@link Flow}; the numbers are those of the Reactive
 * Streams specification.
 *
 * <p>Calls of the subscription go out one at a time (2.7), by the thread that has the {@link Turn}:
 * the request of more comes from the publisher's thread or the executor, the cancellation from
 * whoever notices the end.
 */
public final class BodySubscriber implements Flow.Subscriber<ByteBuffer> {

  private final SafeAsyncResponse response;
  private final Consumer<Throwable> failed;
  private final Turn turn = new Turn();
  private final AtomicInteger wanted = new AtomicInteger();
  private volatile @Nullable Subscription accepted;
  private volatile boolean ended;

  /** The one subscription; whether it was cancelled is known to the thread with the turn. */
  private static final class Subscription {

    private final Flow.Subscription real;
    private boolean cancelled;

    Subscription(Flow.Subscription real) {
      this.real = real;
    }
  }

  /**
   * Starts without a subscription.
   *
   * @param failed is told of a failure of the publisher
   */
  public BodySubscriber(SafeAsyncResponse response, Consumer<Throwable> failed) {
    this.response = response;
    this.failed = failed;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    Objects.requireNonNull(subscription, "subscription");
    if (accepted != null) {
      // 2.5: one at a time.
      subscription.cancel();
      return;
    }
    accepted = new Subscription(subscription);
    response.onEnd(end -> cancel());
    want();
  }

  @Override
  public void onNext(ByteBuffer bytes) {
    Objects.requireNonNull(bytes, "bytes");
    if (ended) {
      // 2.8: some may still come after a cancellation.
      return;
    }
    int length = bytes.remaining();
    boolean accepted = response.writeOwned(bytes);
    if (!response.isOpen()) {
      cancel();
    } else if (!accepted) {
      cancel();
      failed.accept(SlowClients.refusedPiece(length));
    } else if (response.isWritable()) {
      want();
    } else {
      response.onWritable(this::want);
    }
  }

  @Override
  public void onError(Throwable failure) {
    Objects.requireNonNull(failure, "failure");
    ended = true;
    failed.accept(failure);
  }

  @Override
  public void onComplete() {
    ended = true;
    response.finish();
  }

  private void want() {
    wanted.incrementAndGet();
    signal();
  }

  private void cancel() {
    ended = true;
    signal();
  }

  private void signal() {
    Subscription now = accepted;
    if (now == null || !turn.take()) {
      return;
    }
    do {
      try {
        call(now, wanted.getAndSet(0));
      } catch (Throwable broken) {
        // 3.15 and 3.16 forbid it; the turn is not lost by it, nor is the cancellation.
        broken(broken);
      }
    } while (!turn.leave());
  }

  private void call(Subscription to, int more) {
    if (ended && !to.cancelled) {
      to.cancelled = true;
      to.real.cancel();
    } else if (more > 0 && !ended) {
      to.real.request(more);
    }
  }

  /** Ends an exchange that is open: nothing more would come. */
  private void broken(Throwable failure) {
    if (ended) {
      Log.listenerFailed(response, failure);
    } else {
      cancel();
      failed.accept(failure);
    }
  }
}
