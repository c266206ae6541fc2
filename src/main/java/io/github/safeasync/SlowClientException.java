package io.github.safeasync;

import java.io.IOException;
import java.time.Duration;

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

  private SlowClientException(boolean stalled, String message) {
    super(message);
    this.stalled = stalled;
  }

  /** Whether the client alone brought it about, and not how the application writes. */
  boolean isStalled() {
    return stalled;
  }

  static SlowClientException stalled(Duration timeout, long pending) {
    return new SlowClientException(
        true,
        "The client took nothing for "
            + timeout.toMillis()
            + " ms (write-timeout), with "
            + pending
            + " bytes waiting for it");
  }

  static SlowClientException heldUp() {
    return new SlowClientException(
        true, "A dispatch was asked for while a write waits for the client, which takes nothing");
  }

  static SlowClientException overLimit(long weight, long pending, long limit) {
    return new SlowClientException(
        false,
        "A write of "
            + weight
            + " bytes came on top of "
            + pending
            + " that wait for the client; pending-limit allows "
            + limit
            + ". Write when isWritable() is true or onWritable() calls, or set over-limit");
  }

  static SlowClientException noRoom(Duration timeout, long pending) {
    return new SlowClientException(
        true,
        "A write waited for "
            + timeout.toMillis()
            + " ms (write-timeout) for room, with "
            + pending
            + " bytes waiting for the client");
  }

  static SlowClientException refusedPiece(int length) {
    return new SlowClientException(
        false,
        "A piece of "
            + length
            + " bytes of the source that is sent did not fit pending-limit, which should be larger"
            + " than max-pending-bytes by the largest piece");
  }

  static SlowClientException interrupted(long pending) {
    return new SlowClientException(
        false,
        "A write was interrupted while it waited for room, with "
            + pending
            + " bytes waiting for the client");
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
