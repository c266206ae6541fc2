package io.github.safeasync.internal.detect;

import java.util.List;

/**
 * Which mechanisms work here, as {@link MechanismProbe} found out.
 *
 * @param selector whether a second selector is told of what the peer does
 * @param exactFlags whether {@link PollFlags} show a reset, and nothing else, as a hang-up
 * @param quickAcks whether {@link QuickAcks} show a FIN, and nothing else
 * @param table who answers for the kernel's table
 * @param gate whether the count of segments moves with the traffic
 * @param scanNanos what one look of the table takes
 * @param missing what does not work, and why
 */
record Mechanisms(
    boolean selector,
    boolean exactFlags,
    boolean quickAcks,
    TableKind table,
    boolean gate,
    long scanNanos,
    List<String> missing) {

  /** A way to ask the kernel's table. */
  enum TableKind {
    /** sock_diag over netlink. */
    SOCK_DIAG,
    /** The text below /proc. */
    PROC,
    /** No way. */
    NONE
  }

  Mechanisms {
    missing = List.copyOf(missing);
  }

  static Mechanisms none(String why) {
    return new Mechanisms(false, false, false, TableKind.NONE, false, 0, List.of(why));
  }

  /** Whether looks take the place of a table that is dear, or that there is none of. */
  boolean looksRepeatedly() {
    return exactFlags && table != TableKind.SOCK_DIAG;
  }

  /** How often the table is asked for connections with nothing else to look at. */
  long pollingGapMillis() {
    long gap = table == TableKind.PROC ? Scans.gapNanos(scanNanos) : Pace.POLLING;
    return gap / 1_000_000;
  }

  boolean hasTable() {
    return table != TableKind.NONE;
  }
}
