package io.github.safeasync.internal.detect;

import io.github.safeasync.Departure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The armed watches of a watcher, whatever becomes of what it looks at them with; and those whose
 * departure could not be handed over, which is done again. Makes no object, as it has to work where
 * there is no memory for one. Belongs to the watcher's thread.
 */
final class Roster {

  private static final Logger LOGGER = System.getLogger(Roster.class.getPackageName());

  /** Between two tries to hand over. */
  private static final long AGAIN_NANOS = 100_000_000;

  /** An Error that lasts longer than ten seconds is the listener's own. */
  private static final int TRIES = 100;

  private final Consumer<Throwable> survived;
  private @Nullable ExchangeWatch first;
  private @Nullable ExchangeWatch firstUntold;
  private long againAt;

  /**
   * Makes an empty one.
   *
   * @param survived is told what was thrown
   */
  Roster(Consumer<Throwable> survived) {
    this.survived = survived;
  }

  /** The first of the armed watches; follow {@link ExchangeWatch#after}. */
  @Nullable ExchangeWatch first() {
    return first;
  }

  void add(ExchangeWatch watch) {
    watch.armed = true;
    watch.after = first;
    if (first != null) {
      first.before = watch;
    }
    first = watch;
    watch.queue.armed(+1);
  }

  void remove(ExchangeWatch watch) {
    if (!watch.armed) {
      return;
    }
    watch.armed = false;
    if (watch.before == null) {
      first = watch.after;
    } else {
      watch.before.after = watch.after;
    }
    if (watch.after != null) {
      watch.after.before = watch.before;
    }
    watch.before = null;
    watch.after = null;
    watch.queue.armed(-1);
  }

  /** Tells the listener of a watch that has been removed, unless its exchange has ended. */
  void handOver(ExchangeWatch watch, Departure departure) {
    if (watch.depart() && !isTold(watch, departure)) {
      watch.departure = departure;
      watch.after = firstUntold;
      if (firstUntold == null) {
        againAt = System.nanoTime() + AGAIN_NANOS;
      }
      firstUntold = watch;
    }
  }

  /** System.nanoTime() of the next try, or that time if nothing is left to be handed over. */
  long nextTry(long otherwise) {
    return firstUntold != null && againAt - otherwise < 0 ? againAt : otherwise;
  }

  void handOverAgain(long now) {
    if (firstUntold == null || againAt - now > 0) {
      return;
    }
    ExchangeWatch watch = firstUntold;
    firstUntold = null;
    while (watch != null) {
      ExchangeWatch next = watch.after;
      watch.after = null;
      Departure departure = watch.departure;
      if (departure != null && !isTold(watch, departure) && ++watch.tries < TRIES) {
        watch.after = firstUntold;
        firstUntold = watch;
      } else {
        watch.departure = null;
      }
      watch = next;
    }
    againAt = now + AGAIN_NANOS;
  }

  /** An exception is the listener's last word; an Error may be for want of memory or threads. */
  private boolean isTold(ExchangeWatch watch, Departure departure) {
    try {
      watch.tell(departure);
      return true;
    } catch (RuntimeException e) {
      LOGGER.log(Level.WARNING, "A listener for disconnects failed", e);
      return true;
    } catch (Throwable e) {
      survived.accept(e);
      return false;
    }
  }
}
