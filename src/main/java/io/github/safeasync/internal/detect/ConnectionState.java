package io.github.safeasync.internal.detect;

/**
 * Where a watched connection stands. Every transition is made by the watcher's thread.
 *
 * <pre>{@code
 *         readable                    looked at: FIN, and a watch wants more than that
 * QUIET ------------> SUSPECT --------------------------------------> HALF_CLOSED
 *   ^                  |    \                                          /    |
 *   `------------------'     \ reset, or FIN and every watch told     /     |
 *     nothing to be read      `------------> DROPPED <---------------'      |
 *                                              ^       reset, last release  |
 *                                              `----------------------------'
 * }</pre>
 *
 * <p>A connection that is only polled starts as SUSPECT and never becomes QUIET. Any state becomes
 * DROPPED with the last release.
 */
enum ConnectionState {
  /** Interested in OP_READ; not looked at. */
  QUIET,
  /** Not interested in anything; looked at with growing intervals. */
  SUSPECT,
  /** As SUSPECT, with the FIN seen: only a reset counts. */
  HALF_CLOSED,
  /** Off the selector and the list of suspects: nobody watches, or the container closed it. */
  DROPPED
}
