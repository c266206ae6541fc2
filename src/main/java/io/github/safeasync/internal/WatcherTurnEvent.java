package io.github.safeasync.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** One for each turn of the watcher that takes so long that hang-ups are noticed late. */
@Name("io.github.safeasync.WatcherTurn")
@Label("Watcher Turn")
@Category("safe-async")
@Description("The watcher was busy for so long that hang-ups were noticed late")
@Threshold("20 ms")
@StackTrace(false)
final class WatcherTurnEvent extends Event {

  @Label("Channels")
  @Description("How many channels it watches")
  int channels;

  private WatcherTurnEvent() {}

  static @Nullable Object begun() {
    WatcherTurnEvent event = new WatcherTurnEvent();
    if (!event.isEnabled()) {
      return null;
    }
    event.begin();
    return event;
  }

  static void ended(Object turn, int keys) {
    if (turn instanceof WatcherTurnEvent event) {
      event.end();
      if (event.shouldCommit()) {
        event.channels = keys;
        event.commit();
      }
    }
  }
}
