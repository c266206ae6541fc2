package io.github.safeasync.jaxrs;

import io.github.safeasync.ClientDisconnectedException;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;

/** Runs an action when the client has disconnected, and at no other failure. */
final class HangUpListener implements AsyncListener {

  private final Runnable action;

  /**
   * Makes a listener of nothing, for WildFly, which warns of an AsyncListener of a WAR that it
   * could not make (WFLYEE0007).
   */
  HangUpListener() {
    this(() -> {});
  }

  HangUpListener(Runnable action) {
    this.action = action;
  }

  @Override
  public void onError(AsyncEvent event) {
    if (event.getThrowable() instanceof ClientDisconnectedException) {
      action.run();
    }
  }

  @Override
  public void onComplete(AsyncEvent event) {}

  @Override
  public void onTimeout(AsyncEvent event) {}

  /** A cycle after a dispatch is the same request of the same client. */
  @Override
  public void onStartAsync(AsyncEvent event) {
    event.getAsyncContext().addListener(this);
  }
}
