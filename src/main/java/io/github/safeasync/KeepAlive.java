package io.github.safeasync;

/**
 * TCP keepalive, for clients that vanish without a FIN: the kernel asks whether they are still
 * there. Immutable and thread-safe.
 *
 * @param idleSeconds seconds of silence before the first probe, 1 to 32767
 * @param intervalSeconds seconds between probes, 1 to 32767
 * @param count unanswered probes that end the connection, 1 to 127
 * @see SafeAsyncConfig.Builder#keepalive
 * @since 0.1.0
 */
public record KeepAlive(int idleSeconds, int intervalSeconds, int count) {

  /**
   * Makes settings that Linux accepts.
   *
   * @param idleSeconds seconds of silence before the first probe, 1 to 32767
   * @param intervalSeconds seconds between probes, 1 to 32767
   * @param count unanswered probes that end the connection, 1 to 127
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public KeepAlive {
    requireWithin("idleSeconds", idleSeconds, 32767);
    requireWithin("intervalSeconds", intervalSeconds, 32767);
    requireWithin("count", count, 127);
  }

  private static void requireWithin(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(name + " must be 1 to " + most + ": " + value);
    }
  }
}
