package io.github.safeasync.internal.guard;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.util.function.Consumer;

/** One asynchronous cycle as its guard sees it. Thread-safe. */
public interface CycleAccess {

  AsyncContext container();

  ServletRequest request();

  ServletResponse response();

  boolean hasOriginals();

  /** Whether the container has been asked to dispatch. */
  boolean isDispatched();

  /** The application makes the cycle its own, by using it: a look at it is none. */
  void claim();

  void addListener(AsyncListener listener, ServletRequest request, ServletResponse response);

  /** The application's complete. */
  void complete();

  /** The application's dispatch, in any of its forms. */
  void dispatch(Consumer<AsyncContext> how);

  /** Returns milliseconds; 0 is for ever. */
  long timeout();

  void setTimeout(long millis);
}
