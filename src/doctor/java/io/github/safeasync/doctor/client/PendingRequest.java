package io.github.safeasync.doctor.client;

import java.io.IOException;
import java.time.Duration;

/** A request that waits for its answer, until it is abandoned. */
interface PendingRequest extends AutoCloseable {

  /**
   * Waits for an answer that should not come.
   *
   * @return what has come; empty if nothing has
   */
  String answerWithin(Duration time) throws IOException;

  /** Leaves. */
  void abandon(HangUp way) throws IOException;

  @Override
  void close() throws IOException;
}
