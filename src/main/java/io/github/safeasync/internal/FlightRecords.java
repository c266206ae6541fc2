package io.github.safeasync.internal;

import org.jspecify.annotations.Nullable;

/**
 * What the JDK's Flight Recorder is given, where the JVM has it: a runtime image may lack the
 * module {@code jdk.jfr}, so the events are touched only where that is present. While nothing is
 * recorded a question costs the look at a flag.
 */
public final class FlightRecords {

  private static final boolean PRESENT = isPresent();

  private FlightRecords() {}

  private static boolean isPresent() {
    try {
      Class.forName("jdk.jfr.Event", false, FlightRecords.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /**
   * The exchange of an event.
   *
   * @param number as in the log
   */
  public record About(long number, String method, String path) {}

  /** Whether ends are recorded, so that {@link #exchangeEnded} is worth its strings. */
  public static boolean recordsEnds() {
    return PRESENT && ExchangeEndEvent.isRecorded();
  }

  /**
   * An exchange has ended.
   *
   * @param evidence of a disconnect; null at another end
   * @param detectionNanos how long noticing that took; negative if the watcher did not
   * @param sentBytes of the library's response, to the container
   */
  public static void exchangeEnded(
      About about,
      String end,
      @Nullable String evidence,
      long ageNanos,
      long detectionNanos,
      long sentBytes) {
    if (recordsEnds()) {
      ExchangeEndEvent.record(about, end, evidence, ageNanos, detectionNanos, sentBytes);
    }
  }

  /** Whether stalled writes are recorded. */
  public static boolean recordsStalls() {
    return PRESENT && WriteStalledEvent.isRecorded();
  }

  /**
   * A client has taken nothing for too long.
   *
   * @param pendingBytes that wait for it
   */
  public static void writeStalled(About about, long pendingBytes, String why) {
    if (recordsStalls()) {
      WriteStalledEvent.record(about, pendingBytes, why);
    }
  }

  /** Returns a turn of the watcher that has begun, to be given to {@link #turnEnds}. */
  public static @Nullable Object turnBegins() {
    return PRESENT ? WatcherTurnEvent.begun() : null;
  }

  /**
   * A turn of the watcher has ended; it is recorded if it took too long.
   *
   * @param turn what the beginning has returned
   * @param keys how many channels it watches
   */
  public static void turnEnds(@Nullable Object turn, int keys) {
    if (turn != null) {
      WatcherTurnEvent.ended(turn, keys);
    }
  }
}
