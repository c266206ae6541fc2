package io.github.safeasync.internal.exchange;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import org.jspecify.annotations.Nullable;

/**
 * What the container tells of a cycle, on its threads, on Tomcat under its lock of the connection.
 * It is the only AsyncListener that the container knows, so the first in order.
 *
 * <p>WildFly takes every AsyncListener that a WAR brings for a component that it may have to make,
 * and warns of one that it could not (WFLYEE0007): hence the constructor without arguments.
 */
public final class CycleEvents implements AsyncListener {

  /** Who hears of it. */
  interface Told {
    void completed(@Nullable Throwable failure);

    void timedOut();

    void failed(@Nullable Throwable failure);

    /** The container has started another cycle of the request. */
    void startedAgain(AsyncContext context);
  }

  private final @Nullable Told told;

  /** Makes a listener of nothing; see above. */
  public CycleEvents() {
    this.told = null;
  }

  CycleEvents(Told told) {
    this.told = told;
  }

  @Override
  public void onComplete(AsyncEvent event) {
    if (told != null) {
      told.completed(event.getThrowable());
    }
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    if (told != null) {
      told.timedOut();
    }
  }

  @Override
  public void onError(AsyncEvent event) {
    if (told != null) {
      told.failed(event.getThrowable());
    }
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    if (told != null) {
      told.startedAgain(event.getAsyncContext());
    }
  }
}
