package io.github.safeasync.internal.detect;

import io.github.safeasync.Departure;

/** Is told that the client of a watched exchange has gone. */
public interface HangUpListener {

  /**
   * Called at most once, on the watcher's thread, and must not block.
   *
   * @param since System.nanoTime() of the first moment at which the watcher could have seen it
   */
  void gone(Departure departure, long since);
}
