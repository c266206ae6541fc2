package io.github.safeasync;

/**
 * What becomes of a write when too much waits for the client already. Immutable and thread-safe.
 *
 * @see SafeAsyncConfig.Builder#overLimit
 * @since 0.1.0
 */
public enum OverLimit {
  /**
   * A write that would bring what is pending over the limit ends the exchange {@link
   * End.Kind#FAILED}, with a {@link SlowClientException}, and aborts the connection.
   */
  FAIL,
  /** Such a write is not accepted; the response stays open. For events that may be missed. */
  DROP_NEWEST,
  /**
   * A write waits while the response is not writable, for the {@code write-timeout} at most, then
   * as {@link #FAIL}. For writers on threads of their own, and virtual ones. The thread that
   * handles the request does not wait, as nothing is sent before the servlet returns, and the
   * library's own threads do not: for these it is {@link #FAIL}.
   */
  BLOCK
}
