package io.github.safeasync.internal.detect;

import io.github.safeasync.Detection;

/** One watched exchange. Thread-safe; no method blocks or throws. */
public interface HangUpWatch {

  /** How a hang-up would be noticed, as things stand now. */
  Detection detection();

  /**
   * Tells that the request's body has been read to its end, or that there is none. Without it a
   * platform that has no table of sockets to ask cannot tell a FIN.
   */
  void bodyRead();

  /**
   * Tells that something has been flushed to the client. Where a FIN alone is only a suspicion, the
   * connection is looked at closely for the next moments; costs one volatile read otherwise.
   */
  void written();

  /**
   * Ends the watching: idempotent, cheap, never blocks. After it has returned the listener may
   * still be called once, if that was already under way.
   */
  void release();
}
