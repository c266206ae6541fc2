package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.container.ConnectionFailures;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An application's WriteListener: it hears of a failure once, be it from the container or, at the
 * hang-up, from the library. It would wait for ever for onWritePossible otherwise. Its callbacks
 * overlap neither each other nor any other listener's of the exchange.
 */
public final class GuardedWriteListener implements WriteListener {

  private final ExchangeAccess exchange;
  private final WriteListener listener;
  private final AtomicBoolean failed = new AtomicBoolean();

  /** The thread that is in onWritePossible. */
  private volatile @Nullable Thread writing;

  /** What onWritePossible is told when it has returned, by the thread that is in it. */
  private @Nullable Throwable pending;

  GuardedWriteListener(ExchangeAccess exchange, WriteListener listener) {
    this.exchange = exchange;
    this.listener = Objects.requireNonNull(listener, "listener");
  }

  @Override
  public void onWritePossible() throws IOException {
    try {
      called();
    } finally {
      exchange.writeListenerCalled();
    }
  }

  private void called() throws IOException {
    if (!exchange.enterCallback()) {
      return;
    }
    try {
      if (exchange.isLive() && !failed.get()) {
        write();
      }
    } finally {
      exchange.exitCallback();
    }
  }

  private void write() throws IOException {
    writing = Thread.currentThread();
    try {
      exchange.call(listener::onWritePossible);
    } catch (IOException | RuntimeException | Error failure) {
      // Over a failure that comes after the end the container has nothing to do any more.
      if (exchange.isLive()) {
        throw failure;
      }
      onError(failure);
    } finally {
      writing = null;
      Throwable told = pending;
      if (told != null) {
        pending = null;
        listener.onError(told);
      }
    }
  }

  /** Undertow tells of a failing write inside of it, on the same thread. */
  @Override
  public void onError(Throwable failure) {
    try {
      tell(failure);
    } finally {
      // Undertow tells nobody else.
      if (ConnectionFailures.callShowsDeparture(failure, exchange.quirks())) {
        exchange.lostOnWrite(failure);
      } else {
        exchange.limitedOnWrite(failure);
      }
    }
  }

  private void tell(Throwable failure) {
    if (writing == Thread.currentThread()) {
      if (isFirst()) {
        pending = failure;
      }
      return;
    }
    boolean counted = exchange.enterCallbackOnceTold();
    if (!counted && exchange.isNetworkThread()) {
      exchange.callBackInTurn(() -> tellFirst(failure));
      return;
    }
    try {
      tellFirst(failure);
    } finally {
      if (counted) {
        exchange.exitCallback();
      }
    }
  }

  private void tellFirst(Throwable failure) {
    if (isFirst()) {
      listener.onError(failure);
    }
  }

  private boolean isFirst() {
    return failed.compareAndSet(false, true);
  }
}
