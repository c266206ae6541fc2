package io.github.safeasync;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by a guarded callback to answer the request with an HTTP error status of its choice.
 *
 * <p>While the response is open, {@link SafeAsyncResponse#guard(Runnable)} turns it into {@link
 * SafeAsyncResponse#sendError(int, String)}; afterwards it is a line at DEBUG. It marks a decision,
 * not a fault, and so has no stack trace. Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public class HttpStatusException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The HTTP status to answer with. */
  private final int status;

  /**
   * Makes an exception without a message for the client.
   *
   * @param status the HTTP status to answer with, 400 to 599
   * @throws IllegalArgumentException if the status is not in that range
   */
  public HttpStatusException(int status) {
    this(status, null);
  }

  /**
   * Makes an exception with a message for the client.
   *
   * @param status the HTTP status to answer with, 400 to 599
   * @param message what the error page is to say, or null for the container's own words
   * @throws IllegalArgumentException if the status is not in that range
   */
  public HttpStatusException(int status, @Nullable String message) {
    super(message, null, false, false);
    this.status = status;
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException(
          "An error status is a number from 400 to 599, not " + status);
    }
  }

  /**
   * Returns the HTTP status to answer with.
   *
   * @return 400 to 599
   */
  public final int status() {
    return status;
  }
}
