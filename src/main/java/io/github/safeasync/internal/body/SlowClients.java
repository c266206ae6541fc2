package io.github.safeasync.internal.body;

import io.github.safeasync.SlowClientException;
import java.time.Duration;

/** What a client that takes its response too slowly has brought about, in words. */
public final class SlowClients {

  private SlowClients() {}

  static SlowClientException stalled(Duration timeout, long pending) {
    return new SlowClientException(
        true,
        "The client took nothing for "
            + timeout.toMillis()
            + " ms (write-timeout), with "
            + pending
            + " bytes waiting for it");
  }

  public static SlowClientException heldUp() {
    return new SlowClientException(
        true, "A dispatch was asked for while a write waits for the client, which takes nothing");
  }

  static SlowClientException overLimit(long weight, long pending, long limit) {
    return tooMuch(
        weight,
        pending + " that wait for the client; pending-limit allows " + limit,
        "Write when isWritable() is true or onWritable() calls, or set over-limit");
  }

  static SlowClientException servletInside(long weight, long pending, long limit) {
    return tooMuch(
        weight,
        pending
            + " that wait for the servlet to return, before which nothing leaves the server;"
            + " pending-limit allows "
            + limit,
        "Let another thread write, by send(InputStream, Executor) for one, or allow more by"
            + " pending-limit");
  }

  private static SlowClientException tooMuch(long weight, String waiting, String advice) {
    return new SlowClientException(
        false, "A write of " + weight + " bytes came on top of " + waiting + ". " + advice);
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

  public static SlowClientException refusedPiece(int length) {
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
}
