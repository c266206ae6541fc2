package io.github.safeasync;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Says that the client of an exchange has hung up. It has no stack trace: a hang-up is an event of
 * the network, not a fault in the code that meets it.
 */
public final class ClientDisconnectedException extends IOException {

  private static final long serialVersionUID = 1L;

  /** What is known of the departure. */
  private final transient Departure departure;

  /**
   * Makes one; the library does, and tests of what is done about it.
   *
   * @param departure what is known of it
   */
  public ClientDisconnectedException(Departure departure) {
    // The words by which Spring's DisconnectedClientHelper knows a lost client.
    super("The client has gone (broken pipe): " + departure);
    this.departure = departure;
  }

  /**
   * Makes one with a cause.
   *
   * @param departure what is known of it
   * @param cause the container's exception that showed it; null if none did
   */
  public ClientDisconnectedException(Departure departure, @Nullable Throwable cause) {
    this(departure);
    if (cause != null) {
      initCause(cause);
    }
  }

  /** Answers what is known of the departure. */
  public Departure departure() {
    return departure;
  }

  /** Does nothing: there is no stack trace to fill in. */
  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // nothing is written
  public Throwable fillInStackTrace() {
    return this;
  }
}
