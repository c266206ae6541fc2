package io.github.safeasync;

/**
 * What is known of the delivery of a finished response.
 *
 * <p>No server knows more: bytes that the kernel has taken may still be lost on the way, and no
 * answer of HTTP says that they were read. What has to be certain needs an acknowledgement in the
 * application's own protocol.
 *
 * <p>Immutable and thread-safe.
 *
 * @see SafeAsyncResponse#outcome
 * @since 0.1.0
 */
public enum Outcome {
  /**
   * The container has taken all of the response, and the client had not gone by then. It says
   * nothing of what arrived.
   */
  HANDED_OVER,
  /** The client had gone before the container had taken all of the response. */
  CLIENT_GONE,
  /**
   * The exchange ended in another way: a timeout, a failure, a shutdown, or the application has
   * completed the container's own AsyncContext.
   */
  UNKNOWN
}
