package io.github.safeasync;

import java.time.Instant;
import java.util.Objects;

/**
 * What is known of a client's disconnect: what showed it, when, and what noticed it.
 *
 * <p>Immutable and thread-safe.
 *
 * @param evidence what showed that the client has gone
 * @param noticedAt when it was noticed, by the server's clock
 * @param noticedBy what noticed it, in a few words for a log, such as {@code selector + sock_diag}
 * @since 0.1.0
 */
public record Departure(Evidence evidence, Instant noticedAt, String noticedBy) {

  /**
   * The name of the attribute of a request whose client has disconnected: its departure, set after
   * the application was told, before the container ends the request. It is for access logs and for
   * filters further out.
   */
  public static final String ATTRIBUTE = "io.github.safeasync.departure";

  /**
   * Makes a departure of its parts.
   *
   * @param evidence what showed that the client has gone
   * @param noticedAt when it was noticed
   * @param noticedBy what noticed it
   * @throws NullPointerException if a part is null
   */
  public Departure {
    Objects.requireNonNull(evidence, "evidence");
    Objects.requireNonNull(noticedAt, "noticedAt");
    Objects.requireNonNull(noticedBy, "noticedBy");
  }

  /**
   * Returns a departure noticed now.
   *
   * @param evidence what showed that the client has gone
   * @param noticedBy what noticed it
   * @return the departure, with the time of this call
   * @throws NullPointerException if an argument is null
   */
  public static Departure now(Evidence evidence, String noticedBy) {
    return new Departure(evidence, Instant.now(), noticedBy);
  }

  /** Returns a line for a log, such as {@code FIN noticed by selector + sock_diag}. */
  @Override
  public String toString() {
    return evidence + " noticed by " + noticedBy;
  }
}
