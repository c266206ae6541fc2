package io.github.safeasync.internal.detect;

/**
 * Where a watch stands. [W] is made by the watcher's thread, [*] by any thread; the two race, so
 * each is a compare-and-set.
 *
 * <pre>{@code
 *          grace over, can be watched [W]         hang-up confirmed [W]
 * PENDING ------------------------------> ARMED ------------------------> GONE
 *    |  \                                   |
 *    |   \ grace over, cannot be [W]        | release() [*]
 *    |    `---------> UNWATCHED             |
 *    |                    | release() [*]   |
 *    `----------------> RELEASED <----------'
 *       release() [*]
 * }</pre>
 */
enum WatchState {
  /** Within the grace period: nothing has been done but to queue it. */
  PENDING,
  /** Its connection is watched. */
  ARMED,
  /** Its connection cannot be watched. */
  UNWATCHED,
  /** The listener has been, or is being, called. */
  GONE,
  /** The exchange has ended. */
  RELEASED
}
