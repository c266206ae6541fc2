package io.github.safeasync;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one exchange ended, and after how long. An exchange has exactly one end.
 *
 * <p>Immutable and safe for use by any number of threads.
 */
public final class End {

  /** The ways in which an exchange can end. */
  public enum Kind {
    /** The application finished its response, be it a result or an error status of its choice. */
    COMPLETED,
    /** The client hung up before the response was finished. */
    DISCONNECTED,
    /** The application had not finished its response within the filter's {@code timeout}. */
    TIMED_OUT,
    /** The application or the container failed; {@link End#cause()} tells why. */
    FAILED,
    /** The application was undeployed, or the server stopped. */
    SHUT_DOWN
  }

  private final Kind kind;
  private final Duration after;
  private final @Nullable Departure departure;
  private final @Nullable Throwable cause;

  private End(Kind kind, Duration after, @Nullable Departure departure, @Nullable Throwable cause) {
    this.kind = Objects.requireNonNull(kind, "kind");
    this.after = Objects.requireNonNull(after, "after");
    this.departure = departure;
    this.cause = cause;
  }

  /**
   * Returns an end of which there is no more to say; the library does, and tests of listeners.
   *
   * @param kind the way in which it ended, neither DISCONNECTED nor FAILED
   * @param after the time from the start of the exchange
   * @return the end
   * @throws IllegalArgumentException if that kind has a departure or a cause
   */
  public static End of(Kind kind, Duration after) {
    if (kind == Kind.DISCONNECTED || kind == Kind.FAILED) {
      throw new IllegalArgumentException(
          kind + " says what has shown it: use disconnected(...) or failed(...)");
    }
    return new End(kind, after, null, null);
  }

  /**
   * Returns the end of an exchange whose client has gone.
   *
   * @param departure what is known of it
   * @param after the time from the start of the exchange
   * @param cause the exception that showed it; null if none did
   * @return the end
   */
  public static End disconnected(Departure departure, Duration after, @Nullable Throwable cause) {
    return new End(Kind.DISCONNECTED, after, Objects.requireNonNull(departure, "departure"), cause);
  }

  /**
   * Returns the end of an exchange that failed.
   *
   * @param cause what failed
   * @param after the time from the start of the exchange
   * @return the end
   */
  public static End failed(Throwable cause, Duration after) {
    return new End(Kind.FAILED, after, null, Objects.requireNonNull(cause, "cause"));
  }

  /** Answers the way in which the exchange ended. */
  public Kind kind() {
    return kind;
  }

  /** Answers the time from the start of the exchange to its end. */
  public Duration after() {
    return after;
  }

  /** Answers what is known of the client's departure; present if and only if DISCONNECTED. */
  public Optional<Departure> departure() {
    return Optional.ofNullable(departure);
  }

  /**
   * Answers what caused the end: always present if FAILED, and if DISCONNECTED where an exception
   * showed the departure.
   */
  public Optional<Throwable> cause() {
    return Optional.ofNullable(cause);
  }

  /** Answers one line for a log, such as {@code DISCONNECTED after 1003 ms (FIN noticed by …)}. */
  @Override
  public String toString() {
    String line = kind + " after " + after.toMillis() + " ms";
    if (departure != null) {
      return line + " (" + departure + ")";
    }
    return cause == null ? line : line + " (" + cause + ")";
  }
}
