package io.github.safeasync;

import java.time.Instant;
import java.util.Objects;

/**
 * The client's departure: what showed it, when, and who noticed.
 *
 * <p>Immutable and safe for use by any number of threads.
 *
 * @param evidence what showed that the client has gone
 * @param noticedAt when it was noticed, by the server's clock
 * @param noticedBy what noticed it, in a few words for a log, such as {@code "selector +
 *     sock_diag"}
 */
public record Departure(Evidence evidence, Instant noticedAt, String noticedBy) {

  /**
   * Checks the parts.
   *
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
   * @return the departure
   */
  public static Departure now(Evidence evidence, String noticedBy) {
    return new Departure(evidence, Instant.now(), noticedBy);
  }

  @Override
  public String toString() {
    return evidence + " noticed by " + noticedBy;
  }
}
