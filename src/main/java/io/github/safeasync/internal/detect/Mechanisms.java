package io.github.safeasync.internal.detect;

import java.util.List;

/**
 * Which mechanisms work here, as {@link MechanismProbe} found out.
 *
 * @param selector whether a second selector is told of what the peer does
 * @param exactFlags whether {@link PollFlags} show a reset, and nothing else, as a hang-up
 * @param quickAcks whether {@link QuickAcks} show a FIN, and nothing else
 * @param judge who answers for the kernel's table
 * @param gate whether the count of segments moves with the traffic
 * @param scanNanos what one look of the judge takes
 * @param missing what does not work, and why
 */
record Mechanisms(
    boolean selector,
    boolean exactFlags,
    boolean quickAcks,
    JudgeKind judge,
    boolean gate,
    long scanNanos,
    List<String> missing) {

  /** A way to ask the kernel's table. */
  enum JudgeKind {
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
    return new Mechanisms(false, false, false, JudgeKind.NONE, false, 0, List.of(why));
  }

  /** Whether looks take the place of a table that is dear, or that there is none of. */
  boolean looksRepeatedly() {
    return exactFlags && judge != JudgeKind.SOCK_DIAG;
  }

  boolean hasTable() {
    return judge != JudgeKind.NONE;
  }
}
