package io.github.safeasync.chaos;

/** What an application does besides answering. */
enum Behaviour {
  PROPER,
  /** Its callback throws. */
  THROWS,
  /** It finishes twice. */
  TWICE,
  /** It writes, finishes and sends errors long after the end. */
  LATE,
  /** It finishes, and writes, from its listeners. */
  FROM_LISTENERS,
  /** Its listeners register listeners, and its callbacks call back. */
  REENTRANT,
  /** Its listeners block. */
  BLOCKS,
  /** It binds much work, to be cancelled with the client. */
  CANCELS,
  /** It never answers. */
  SILENT;

  /** Whether a client that stays gets its answer all the same. */
  boolean answers() {
    return this != THROWS && this != SILENT;
  }
}
