package io.github.safeasync.doctor.client;

/** What became of one departure. */
enum Verdict {
  /** The server heard of it while nothing was written. */
  PROPAGATES,
  /** The server heard of it from a write that failed. */
  ONLY_ON_WRITE,
  /** The server heard of nothing. */
  HIDDEN,
  /** There is no such departure at this address. */
  NOT_APPLICABLE,
  /** Something went wrong. */
  NOT_CHECKED;

  boolean isHidden() {
    return this == ONLY_ON_WRITE || this == HIDDEN;
  }
}
