package io.github.safeasync.detect;

import io.github.safeasync.Detection;

/** One watched exchange. Thread-safe. */
public interface Watch {

  /** How a hang-up would be noticed, as things stand now. */
  Detection detection();

  /**
   * Ends the watching: idempotent, cheap, never blocks. After it has returned the listener may
   * still be called once, if that was already under way.
   */
  void release();
}
