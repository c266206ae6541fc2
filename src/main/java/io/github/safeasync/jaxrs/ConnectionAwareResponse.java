package io.github.safeasync.jaxrs;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.CompletionCallback;
import jakarta.ws.rs.container.ConnectionCallback;
import jakarta.ws.rs.container.TimeoutHandler;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An AsyncResponse that keeps the connection callbacks itself: one is known to the implementation,
 * which calls it where it finds out by a failing write, if it has such callbacks at all. Completion
 * callbacks are the implementation's, and called here where it cancels without them, as RESTEasy
 * does of which the container has told the error.
 */
final class ConnectionAwareResponse implements AsyncResponse {

  private final AsyncResponse own;
  private final Queue<ConnectionCallback> callbacks = new ConcurrentLinkedQueue<>();
  private final Queue<Completion> completions = new ConcurrentLinkedQueue<>();
  private volatile boolean gone;

  ConnectionAwareResponse(AsyncResponse own) {
    this.own = own;
    ConnectionCallback failingWrite = unused -> tell();
    own.register(failingWrite);
  }

  /** The client has disconnected. */
  void disconnected() {
    Steps steps = new Steps();
    tell(steps);
    steps.take(
        () -> {
          if (own.cancel()) {
            completions.forEach(each -> steps.take(() -> each.onComplete(null)));
          }
        });
    steps.rethrow();
  }

  private void tell() {
    Steps steps = new Steps();
    tell(steps);
    steps.rethrow();
  }

  /** Each callback is polled by one thread. */
  private void tell(Steps steps) {
    gone = true;
    for (ConnectionCallback next; (next = callbacks.poll()) != null; ) {
      ConnectionCallback callback = next;
      steps.take(() -> callback.onDisconnect(this));
    }
  }

  @Override
  public Collection<Class<?>> register(Object callback) {
    Objects.requireNonNull(callback, "callback");
    Collection<Class<?>> contracts = new ArrayList<>();
    if (callback instanceof CompletionCallback completion) {
      // Without its other side, which the implementation would call as well.
      Completion alone = new Completion(completion);
      completions.add(alone);
      contracts.addAll(own.register(alone));
    }
    if (callback instanceof ConnectionCallback connection) {
      contracts.add(ConnectionCallback.class);
      callbacks.add(connection);
      if (gone) {
        tell();
      }
    }
    return contracts.isEmpty() ? own.register(callback) : contracts;
  }

  /**
   * A class of connection callbacks is made by its constructor, any other by the implementation.
   */
  @Override
  public Collection<Class<?>> register(Class<?> callback) {
    if (!ConnectionCallback.class.isAssignableFrom(callback)) {
      return own.register(callback);
    }
    try {
      return register(callback.getConstructor().newInstance());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          callback.getName() + " has no public constructor without arguments that works", e);
    }
  }

  @Override
  public Map<Class<?>, Collection<Class<?>>> register(Class<?> callback, Class<?>... more) {
    Map<Class<?>, Collection<Class<?>>> contracts = new HashMap<>();
    contracts.put(callback, register(callback));
    for (Class<?> each : more) {
      contracts.put(each, register(each));
    }
    return contracts;
  }

  @Override
  public Map<Class<?>, Collection<Class<?>>> register(Object callback, Object... more) {
    Map<Class<?>, Collection<Class<?>>> contracts = new HashMap<>();
    contracts.put(callback.getClass(), register(callback));
    for (Object each : more) {
      contracts.put(each.getClass(), register(each));
    }
    return contracts;
  }

  @Override
  public boolean resume(Object response) {
    return own.resume(response);
  }

  @Override
  public boolean resume(Throwable response) {
    return own.resume(response);
  }

  @Override
  public boolean cancel() {
    return own.cancel();
  }

  @Override
  public boolean cancel(int retryAfter) {
    return own.cancel(retryAfter);
  }

  @Override
  public boolean cancel(Date retryAfter) {
    return own.cancel(retryAfter);
  }

  @Override
  public boolean isSuspended() {
    return own.isSuspended();
  }

  @Override
  public boolean isCancelled() {
    return own.isCancelled();
  }

  @Override
  public boolean isDone() {
    return own.isDone();
  }

  @Override
  public boolean setTimeout(long time, TimeUnit unit) {
    return own.setTimeout(time, unit);
  }

  @Override
  public void setTimeoutHandler(TimeoutHandler handler) {
    own.setTimeoutHandler(handler);
  }

  /** A callback that is called once, whoever is first. */
  private static final class Completion implements CompletionCallback {

    private final CompletionCallback callback;
    private final AtomicBoolean called = new AtomicBoolean();

    Completion(CompletionCallback callback) {
      this.callback = callback;
    }

    @Override
    public void onComplete(@Nullable Throwable failure) {
      if (!called.getAndSet(true)) {
        callback.onComplete(failure);
      }
    }
  }
}
