package io.github.safeasync.http;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A response's body on its way to its subscriber, whom an abort fails, between two of the client's
 * calls as the rule of the Reactive Streams has it.
 *
 * <pre>
 *              enter            abort
 *   ┌──────┐ ────────► ┌──────┐ ────────► ┌─────────┐
 *   │ IDLE │           │ BUSY │           │ FAILING │
 *   └──┬───┘ ◄──────── └──┬───┘           └────┬────┘
 *      │       leave      │ the client's       │ leave: fails the subscriber;
 *      │                  │ last call          │ or the client's last call
 *      │ abort: fails the subscriber;          ▼
 *      │ or the client's last call          ┌──────┐
 *      └──────────────────────────────────► │ OVER │
 *                                           └──────┘
 * </pre>
 *
 * <p>It begins BUSY, until the client has subscribed it. Enter, leave and the last call are those
 * of the thread on which the client calls; abort is any other's.
 */
final class BoundBody<T> implements BodySubscriber<T> {

  private enum Phase {
    /** Nobody is inside the subscriber. */
    IDLE,
    /** The client is inside the subscriber, or has not begun. */
    BUSY,
    /** The client is inside the subscriber, which is failed when it comes out. */
    FAILING,
    /** The subscriber is told nothing more. */
    OVER
  }

  @SuppressWarnings("rawtypes") // there are no others of a generic class
  private static final AtomicReferenceFieldUpdater<BoundBody, Phase> PHASE =
      AtomicReferenceFieldUpdater.newUpdater(BoundBody.class, Phase.class, "phase");

  private final BodySubscriber<T> subscriber;
  private final Runnable over;
  private volatile Phase phase = Phase.BUSY;
  private volatile @Nullable Subscription upstream;
  private volatile @Nullable IOException failure;

  /** How deep the client is inside: it may call the next from inside of {@code request}. */
  private int depth = 1;

  /**
   * Makes one that the client has not subscribed.
   *
   * @param over called when nothing more is read, at least once
   */
  BoundBody(BodySubscriber<T> subscriber, Runnable over) {
    this.subscriber = subscriber;
    this.over = over;
  }

  /** Fails the subscriber, if there is anything that it has not been told. */
  void abort(IOException why) {
    failure = why;
    Phase now = phase;
    while (now == Phase.IDLE || now == Phase.BUSY) {
      Phase next = now == Phase.IDLE ? Phase.OVER : Phase.FAILING;
      if (PHASE.compareAndSet(this, now, next)) {
        cancelUpstream();
        if (next == Phase.OVER) {
          subscriber.onError(why);
        }
        return;
      }
      now = phase;
    }
  }

  private void cancelUpstream() {
    Subscription known = upstream;
    if (known != null) {
      known.cancel();
    }
  }

  private boolean enter() {
    boolean enters = depth > 0 || PHASE.compareAndSet(this, Phase.IDLE, Phase.BUSY);
    depth += enters ? 1 : 0;
    return enters;
  }

  private void leave() {
    depth--;
    if (depth == 0
        && !PHASE.compareAndSet(this, Phase.BUSY, Phase.IDLE)
        && PHASE.compareAndSet(this, Phase.FAILING, Phase.OVER)) {
      cancelUpstream();
      subscriber.onError(failure);
    }
  }

  private boolean isLast() {
    over.run();
    return PHASE.getAndSet(this, Phase.OVER) != Phase.OVER;
  }

  // What the client calls.

  @Override
  public CompletionStage<T> getBody() {
    return subscriber.getBody();
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    upstream = subscription;
    try {
      subscriber.onSubscribe(new Unbinding(subscription));
    } finally {
      leave();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> item) {
    if (enter()) {
      try {
        subscriber.onNext(item);
      } finally {
        leave();
      }
    }
  }

  @Override
  public void onError(Throwable thrown) {
    IOException aborted = failure;
    if (isLast()) {
      subscriber.onError(aborted == null ? thrown : aborted);
    }
  }

  @Override
  public void onComplete() {
    if (isLast()) {
      subscriber.onComplete();
    }
  }

  /** What the subscriber has: one that wants nothing more binds nothing. */
  private final class Unbinding implements Subscription {

    private final Subscription subscription;

    Unbinding(Subscription subscription) {
      this.subscription = subscription;
    }

    @Override
    public void request(long count) {
      subscription.request(count);
    }

    @Override
    public void cancel() {
      over.run();
      subscription.cancel();
    }
  }
}
