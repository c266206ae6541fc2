package io.github.safeasync.internal;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** One for each exchange that ends. */
@Name("io.github.safeasync.ExchangeEnd")
@Label("Exchange End")
@Category("safe-async")
@Description("A request that was asynchronous or watched has ended")
@StackTrace(false)
final class ExchangeEndEvent extends Event {

  /** What Flight Recorder shows as N/A. */
  private static final long UNKNOWN = Long.MIN_VALUE;

  @Label("Exchange")
  @Description("Its number, as in the log")
  long exchange;

  @Label("Method")
  @Nullable String method;

  @Label("Path")
  @Nullable String path;

  @Label("End")
  @Nullable String end;

  @Label("Evidence")
  @Nullable String evidence;

  @Label("Age")
  @Timespan(Timespan.NANOSECONDS)
  long age;

  @Label("Detection")
  @Description("From the first moment at which the disconnect could be seen to the end")
  @Timespan(Timespan.NANOSECONDS)
  long detection;

  @Label("Sent")
  @Description("What the container has taken of the library's response")
  @DataAmount
  long sent;

  /** Asked at each end: an event made to be asked would be garbage. */
  private static final class Type {
    static final EventType OF = EventType.getEventType(ExchangeEndEvent.class);
  }

  private ExchangeEndEvent() {}

  static boolean isRecorded() {
    return Type.OF.isEnabled();
  }

  static void record(
      FlightRecords.About about,
      String end,
      @Nullable String evidence,
      long ageNanos,
      long detectionNanos,
      long sentBytes) {
    ExchangeEndEvent event = new ExchangeEndEvent();
    event.exchange = about.number();
    event.method = about.method();
    event.path = about.path();
    event.end = end;
    event.evidence = evidence;
    event.age = ageNanos;
    event.detection = detectionNanos < 0 ? UNKNOWN : detectionNanos;
    event.sent = sentBytes;
    event.commit();
  }
}
