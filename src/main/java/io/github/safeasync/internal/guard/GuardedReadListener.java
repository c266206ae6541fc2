package io.github.safeasync.internal.guard;

import io.github.safeasync.internal.Log;
import jakarta.servlet.ReadListener;
import java.io.EOFException;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An application's ReadListener: it hears of one end of the body, that it was read or that it
 * failed, be it from the container or, where that tells of neither, from the library.
 */
public final class GuardedReadListener implements ReadListener {

  private final ExchangeAccess exchange;
  private final ReadListener listener;
  private final AtomicBoolean ended = new AtomicBoolean();

  GuardedReadListener(ExchangeAccess exchange, ReadListener listener) {
    this.exchange = exchange;
    this.listener = Objects.requireNonNull(listener, "listener");
  }

  boolean isEnded() {
    return ended.get();
  }

  // What the container tells, on its threads.

  @Override
  public void onDataAvailable() throws IOException {
    run(this::dataAvailable);
  }

  private void dataAvailable() throws IOException {
    if (!isEnded()) {
      exchange.call(listener::onDataAvailable);
    }
  }

  @Override
  public void onAllDataRead() throws IOException {
    run(this::allDataRead);
  }

  private void allDataRead() throws IOException {
    try {
      exchange.body().endRead();
    } catch (EOFException cut) {
      fail(cut);
    }
    if (ended.compareAndSet(false, true)) {
      exchange.call(listener::onAllDataRead);
    }
  }

  @Override
  public void onError(Throwable failure) {
    try {
      run(() -> fail(failure));
    } catch (IOException e) {
      throw new AssertionError("onError throws none", e);
    } finally {
      exchange.body().failed();
      // Undertow tells nobody else.
      exchange.failedOnRead(failure);
    }
  }

  /** One that the end has overtaken runs all the same: the container waits for it to read. */
  private void run(Gate.IoCall callback) throws IOException {
    boolean counted = exchange.enterCallbackOnceTold();
    if (!counted && exchange.isNetworkThread()) {
      exchange.callBackInTurn(() -> runLate(callback));
      return;
    }
    try {
      callback.run();
    } finally {
      if (counted) {
        exchange.exitCallback();
      }
    }
  }

  private void runLate(Gate.IoCall callback) {
    try {
      callback.run();
    } catch (IOException | RuntimeException | Error failure) {
      fail(failure);
    }
  }

  private void fail(Throwable failure) {
    if (ended.compareAndSet(false, true)) {
      listener.onError(failure);
    }
  }

  /** Tells the end that the container has not told; on a thread that may run the application. */
  public void end() {
    try {
      if (exchange.body().isWhole()) {
        allDataRead();
      } else {
        fail(exchange.endedException());
      }
    } catch (IOException | RuntimeException | Error failure) {
      Log.readListenerFailed(exchange, failure);
    }
  }
}
