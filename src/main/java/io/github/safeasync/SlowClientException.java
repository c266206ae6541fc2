package io.github.safeasync;

import java.io.IOException;

/**
 * The cause of an end {@link End.Kind#FAILED} where the client took its response too slowly: it
 * took nothing for the filter's {@code write-timeout}, or more was written for it than may be
 * pending. The client has not gone, as far as anybody can tell.
 *
 * <p>It has no stack trace. As thread-safe as every {@link Throwable}.
 *
 * @see SafeAsyncConfig.Builder#writeTimeout
 * @see SafeAsyncConfig.Builder#overLimit
 * @since 0.1.0
 */
public final class SlowClientException extends IOException {

  private static final long serialVersionUID = 1L;

  /** Whether the client alone brought it about. */
  private final boolean stalled;

  /**
   * Makes an exception; for the library, and for tests of listeners.
   *
   * @param stalled whether the client alone brought it about, and not how the application writes
   * @param message what happened, with the figures
   */
  public SlowClientException(boolean stalled, String message) {
    super(message);
    this.stalled = stalled;
  }

  /**
   * Returns whether the client alone brought it about, and not how the application writes.
   *
   * @return true if the client took nothing of what waited for it; false if more was written than
   *     may be pending, or a write that waited for room was interrupted
   */
  public boolean isStalled() {
    return stalled;
  }

  /**
   * Does nothing: there is no stack trace to fill in.
   *
   * @return this exception
   */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
