package io.github.safeasync.internal;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** One for each exchange that ends because its client takes nothing. */
@Name("io.github.safeasync.WriteStalled")
@Label("Write Stalled")
@Category("safe-async")
@Description("A client has taken nothing of its response for too long")
@StackTrace(false)
final class WriteStalledEvent extends Event {

  @Label("Exchange")
  @Description("Its number, as in the log")
  long exchange;

  @Label("Method")
  @Nullable String method;

  @Label("Path")
  @Nullable String path;

  @Label("Pending")
  @DataAmount
  long pending;

  @Label("Why")
  @Nullable String why;

  private WriteStalledEvent() {}

  static boolean isRecorded() {
    return new WriteStalledEvent().isEnabled();
  }

  static void record(FlightRecords.About about, long pendingBytes, String why) {
    WriteStalledEvent event = new WriteStalledEvent();
    event.exchange = about.number();
    event.method = about.method();
    event.path = about.path();
    event.pending = pendingBytes;
    event.why = why;
    event.commit();
  }
}
