package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.Departure;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.Handle;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

/** The token of an exchange of one connection, cancelled by a call, on the calling thread. */
final class FakeToken implements CancellationToken {

  static final Departure DEPARTURE = Departure.now(Evidence.FIN, "a test");

  private final AtomicReference<AutoCloseable> bound = new AtomicReference<>();
  private volatile boolean cancelled;

  /** Returns what the bound resource threw, or null. */
  Exception cancel() {
    cancelled = true;
    return closeBound();
  }

  private Exception closeBound() {
    AutoCloseable resource = bound.getAndSet(null);
    try {
      if (resource != null) {
        resource.close();
      }
      return null;
    } catch (Exception e) {
      return e;
    }
  }

  boolean isBound() {
    return bound.get() != null;
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void throwIfCancelled() {
    if (cancelled) {
      CancellationException cancellation = new CancellationException("The exchange ended");
      cancellation.initCause(new ClientDisconnectedException(DEPARTURE));
      throw cancellation;
    }
  }

  @Override
  public boolean isGone() {
    return cancelled;
  }

  @Override
  public CompletionStage<End> end() {
    return new CompletableFuture<>();
  }

  @Override
  public Handle bind(AutoCloseable resource) {
    bound.set(resource);
    if (cancelled) {
      closeBound();
    }
    return () -> bound.compareAndSet(resource, null);
  }

  @Override
  public Handle bind(Future<?> work) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Handle bind(Thread thread) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Runnable wrap(Runnable task) {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> Callable<T> wrap(Callable<? extends T> task) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Handle makeCurrent() {
    throw new UnsupportedOperationException();
  }
}
