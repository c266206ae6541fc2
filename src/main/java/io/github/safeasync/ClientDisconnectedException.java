package io.github.safeasync;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown where the client of an exchange has disconnected. It has no stack trace: a disconnect is
 * an event of the network, not a fault in the code that meets it.
 *
 * <p>As thread-safe as every {@link Throwable}. The departure does not survive serialization.
 *
 * @since 0.1.0
 */
public final class ClientDisconnectedException extends IOException {

  private static final long serialVersionUID = 1L;

  /** What is known of the departure. */
  private final transient Departure departure;

  /**
   * Makes an exception without a cause; for the library, and for tests of code that catches it.
   *
   * @param departure what is known of the disconnect
   */
  public ClientDisconnectedException(Departure departure) {
    // The words by which Spring's DisconnectedClientHelper knows a lost client.
    super("The client has gone (broken pipe): " + departure);
    this.departure = departure;
  }

  /**
   * Makes an exception with the cause that showed the disconnect.
   *
   * @param departure what is known of the disconnect
   * @param cause the container's exception that showed it, or null if none did
   */
  public ClientDisconnectedException(Departure departure, @Nullable Throwable cause) {
    this(departure);
    if (cause != null) {
      initCause(cause);
    }
  }

  /**
   * Returns what is known of the disconnect.
   *
   * @return the departure that it was made with
   */
  public Departure departure() {
    return departure;
  }

  /**
   * Does nothing: there is no stack trace to fill in.
   *
   * @return this exception
   */
  @Override
  @SuppressWarnings("UnsynchronizedOverridesSynchronized") // nothing is written
  public Throwable fillInStackTrace() {
    return this;
  }
}
