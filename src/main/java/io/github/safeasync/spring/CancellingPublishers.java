package io.github.safeasync.spring;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;

/**
 * Spring's way from a reactive type to a Publisher, with the subscription bound to the request that
 * it is made in. Spring by itself cancels it at a timeout, and where a write fails.
 */
final class CancellingPublishers extends ReactiveAdapterRegistry {

  private final ReactiveAdapterRegistry own;

  CancellingPublishers(ReactiveAdapterRegistry own) {
    this.own = own;
  }

  @Override
  public boolean hasAdapters() {
    return own.hasAdapters();
  }

  @Override
  public @Nullable ReactiveAdapter getAdapter(@Nullable Class<?> type) {
    return getAdapter(type, null);
  }

  @Override
  public @Nullable ReactiveAdapter getAdapter(@Nullable Class<?> type, @Nullable Object source) {
    ReactiveAdapter adapter = own.getAdapter(type, source);
    return adapter == null
        ? null
        : new ReactiveAdapter(
            adapter.getDescriptor(),
            value -> bound(adapter.toPublisher(value)),
            adapter::fromPublisher);
  }

  /** On the request's thread, as Spring subscribes at once. */
  private static <T> Publisher<T> bound(Publisher<T> publisher) {
    return subscriber -> {
      Bound<T> bound = new Bound<>(subscriber);
      publisher.subscribe(bound);
      bound.bind();
    };
  }

  /** A subscriber whose subscription is cancelled with a token. */
  private static final class Bound<T> implements Subscriber<T>, AutoCloseable {

    private final Subscriber<? super T> own;
    private volatile @Nullable Subscription subscription;
    private volatile @Nullable Handle handle;
    private volatile boolean ended;
    private volatile boolean wanted;
    private final AtomicBoolean cancelled = new AtomicBoolean();

    Bound(Subscriber<? super T> own) {
      this.own = own;
    }

    /** What has ended by now, as most do that do not wait for anything, costs no more than this. */
    void bind() {
      if (!ended) {
        handle = CancellationToken.current().bind(this);
        if (ended) {
          unbind();
        }
      }
    }

    /** The token is cancelled. */
    @Override
    public void close() {
      wanted = true;
      cancelIfWanted();
    }

    private void cancelIfWanted() {
      Subscription now = subscription;
      if (wanted && now != null && !cancelled.getAndSet(true)) {
        now.cancel();
      }
    }

    @Override
    public void onSubscribe(Subscription made) {
      subscription = made;
      own.onSubscribe(made);
      cancelIfWanted();
    }

    @Override
    public void onNext(T element) {
      own.onNext(element);
    }

    @Override
    public void onError(Throwable failure) {
      unbind();
      own.onError(failure);
    }

    @Override
    public void onComplete() {
      unbind();
      own.onComplete();
    }

    private void unbind() {
      ended = true;
      Handle bound = handle;
      if (bound != null) {
        bound.remove();
      }
    }
  }
}
