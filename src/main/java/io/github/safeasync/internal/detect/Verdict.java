package io.github.safeasync.internal.detect;

/** What a look at a connection came to. */
enum Verdict {
  /** It stands, or nothing is known against it. */
  OPEN,
  /** A FIN has been received. */
  FIN,
  /** The kernel has closed it: a reset, or a timeout. */
  RESET,
  /** It has ended without telling how, as a Unix domain socket does. */
  ENDED,
  /** It has ended as far as spaced looks can tell, which may be a FIN only. */
  SEEMS_ENDED,
  /** This side has closed it. */
  CLOSED_HERE
}
