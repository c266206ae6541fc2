package io.github.safeasync.http;

import io.github.safeasync.CancellationToken;
import java.io.IOException;
import java.util.concurrent.CancellationException;

/** What callers are told of a call that was aborted with their exchange. */
final class AbortedCall {

  private AbortedCall() {}

  /**
   * Returns what a call fails with.
   *
   * @param call such as {@code GET http://localhost/}
   */
  static IOException failure(String call, CancellationToken token) {
    CancellationException why = why(token);
    return new IOException(call + " was aborted: " + why.getMessage(), why);
  }

  /** Says why the client's own exception was thrown, if this is the reason. */
  static <E extends Throwable> E explained(E own, CancellationToken token) {
    if (token.isCancelled()) {
      own.addSuppressed(why(token));
    }
    return own;
  }

  private static CancellationException why(CancellationToken token) {
    try {
      token.throwIfCancelled();
      return new CancellationException("its work was cancelled");
    } catch (CancellationException cancelled) {
      return cancelled;
    }
  }
}
