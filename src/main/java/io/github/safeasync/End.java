package io.github.safeasync;

import io.github.safeasync.internal.exchange.Exchanges;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one exchange ended, and after how long. An exchange has exactly one end.
 *
 * <p>Immutable and thread-safe.
 *
 * @see SafeAsyncResponse#end
 * @since 0.1.0
 */
public final class End {

  /**
   * The ways in which an exchange can end. Immutable and thread-safe.
   *
   * @since 0.1.0
   */
  public enum Kind {
    /** The application finished its response, be it a result or an error status of its choice. */
    COMPLETED,
    /** The client disconnected before the response was finished. */
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
   * Returns an end without a departure or a cause; for the library, and for tests of listeners.
   *
   * @param kind the way in which the exchange ended, neither DISCONNECTED nor FAILED
   * @param after the time from the start of the exchange to its end
   * @return the end
   * @throws IllegalArgumentException if the kind is DISCONNECTED or FAILED
   * @throws NullPointerException if an argument is null
   */
  public static End of(Kind kind, Duration after) {
    if (kind == Kind.DISCONNECTED || kind == Kind.FAILED) {
      throw new IllegalArgumentException(
          kind + " says what has shown it: use disconnected(...) or failed(...)");
    }
    return new End(kind, after, null, null);
  }

  /**
   * Returns the end of an exchange whose client has disconnected.
   *
   * @param departure what is known of the disconnect
   * @param after the time from the start of the exchange to its end
   * @param cause the exception that showed the disconnect, or null if none did
   * @return an end {@link Kind#DISCONNECTED}
   * @throws NullPointerException if the departure or the time is null
   */
  public static End disconnected(Departure departure, Duration after, @Nullable Throwable cause) {
    return new End(Kind.DISCONNECTED, after, Objects.requireNonNull(departure, "departure"), cause);
  }

  /**
   * Returns the end of an exchange that failed.
   *
   * @param cause what failed
   * @param after the time from the start of the exchange to its end
   * @return an end {@link Kind#FAILED}
   * @throws NullPointerException if an argument is null
   */
  public static End failed(Throwable cause, Duration after) {
    return new End(Kind.FAILED, after, null, Objects.requireNonNull(cause, "cause"));
  }

  /**
   * Returns the way in which the exchange ended.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the time from the start of the exchange to its end.
   *
   * @return the time
   */
  public Duration after() {
    return after;
  }

  /**
   * Returns what is known of the client's disconnect.
   *
   * @return present if and only if the kind is DISCONNECTED
   */
  public Optional<Departure> departure() {
    return Optional.ofNullable(departure);
  }

  /**
   * Returns the exception that caused or showed the end.
   *
   * @return always present if the kind is FAILED; if it is DISCONNECTED, present where an exception
   *     showed the disconnect; otherwise empty
   */
  public Optional<Throwable> cause() {
    return Optional.ofNullable(cause);
  }

  /** Returns one line for a log, such as {@code DISCONNECTED after 1003 ms (FIN noticed by …)}. */
  @Override
  public String toString() {
    String line = kind + " after " + after.toMillis() + " ms";
    if (departure != null) {
      return line + " (" + Exchanges.visible(departure.toString()) + ")";
    }
    return cause == null ? line : line + " (" + Exchanges.visible(cause.toString()) + ")";
  }
}
