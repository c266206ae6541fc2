package io.github.safeasync.internal.exchange;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.SlowClientException;
import org.jspecify.annotations.Nullable;

/** The ways to an end that a response on its way out knows. Thread-safe; none waits. */
interface ResponseEnds {

  /** All of the response has been handed over. */
  void completed();

  /**
   * The client has gone.
   *
   * @param cause the container's exception; null if nothing was thrown
   */
  void disconnected(Departure departure, @Nullable Throwable cause);

  /** The response cannot be sent. */
  void failed(Throwable cause);

  /** The client takes its response too slowly. On a thread that must not wait for a container. */
  void tooSlow(SlowClientException cause);

  /** The application has said the last of its response: from now on it is the client's time. */
  void disarmDeadline();

  /** How a hang-up would be noticed. */
  Detection detection();
}
