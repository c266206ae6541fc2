package io.github.safeasync;

import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An application's WriteListener: it hears of a failure once, be it from the container or, at the
 * hang-up, from the library. It would wait for ever for onWritePossible otherwise.
 */
final class GuardedWriteListener implements WriteListener {

  private final Exchange exchange;
  private final WriteListener listener;
  private final AtomicBoolean failed = new AtomicBoolean();

  GuardedWriteListener(Exchange exchange, WriteListener listener) {
    this.exchange = exchange;
    this.listener = java.util.Objects.requireNonNull(listener, "listener");
  }

  @Override
  public void onWritePossible() throws IOException {
    if (exchange.isLive() && !failed.get()) {
      listener.onWritePossible();
    }
  }

  @Override
  public void onError(Throwable failure) {
    if (failed.compareAndSet(false, true)) {
      listener.onError(failure);
    }
  }
}
