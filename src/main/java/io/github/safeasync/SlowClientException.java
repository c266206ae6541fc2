package io.github.safeasync;

import java.io.IOException;

/**
 * The cause of an end {@link End.Kind#FAILED} where the client took its response too slowly: it
 * took nothing for the filter's {@code write-timeout}, or more was written for it than may be
 * pending. The client has not gone, as far as anybody can tell. Without a stack trace.
 *
 * @see SafeAsyncConfig.Builder#writeTimeout
 * @see SafeAsyncConfig.Builder#overLimit
 */
public final class SlowClientException extends IOException {

  private static final long serialVersionUID = 1L;

  private final boolean stalled;

  /**
   * Makes one; the library does, and tests of what is told of it.
   *
   * @param stalled whether the client alone brought it about, and not how the application writes
   * @param message what happened, with the figures
   */
  public SlowClientException(boolean stalled, String message) {
    super(message);
    this.stalled = stalled;
  }

  /** Returns whether the client alone brought it about, and not how the application writes. */
  public boolean isStalled() {
    return stalled;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
