package io.github.safeasync.internal.detect;

import io.github.safeasync.internal.detect.Mechanisms.TableKind;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Tries each mechanism on connections to itself: has it see one standing, then one finished and one
 * reset. What does not see that is left out. Takes some 10 ms, and up to half a second more where
 * java.lang.foreign is used for the first time.
 */
final class MechanismProbe {

  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final int TRIES = 10;

  /** So that the first hang-up does not meet java.lang.foreign uncompiled: some 10 ms, once. */
  private static final int WARM_UPS = 1_000;

  private final List<String> missing = new ArrayList<>();

  private final ThreadClock clock = new ThreadClock();
  private long looksNanos;
  private int looks;

  private MechanismProbe() {}

  static Mechanisms run() {
    return new MechanismProbe().tryAll();
  }

  private Mechanisms tryAll() {
    boolean selector = works("selector", MechanismProbe::selectorTells);
    boolean flags = works("poll flags", MechanismProbe::flagsShowReset);
    TableKind table = TableKind.NONE;
    if (works("sock_diag", () -> sees(SocketTables::sockDiag))) {
      table = TableKind.SOCK_DIAG;
    } else if (works("/proc/net/tcp", this::tableIsRead)) {
      table = TableKind.PROC;
    }
    boolean gate =
        table == TableKind.PROC && works("/proc/net/snmp", MechanismProbe::segmentsCount);
    boolean quickAcks =
        table != TableKind.SOCK_DIAG && works("quick acks", MechanismProbe::quickAcksShowFin);
    long scanNanos = looksNanos / Math.max(looks, 1);
    return new Mechanisms(selector, flags, quickAcks, table, gate, scanNanos, missing);
  }

  /** One trial; returns whether the mechanism did what it should. */
  private interface Trial {
    boolean run() throws IOException;
  }

  private boolean works(String name, Trial trial) {
    try {
      if (trial.run()) {
        return true;
      }
      missing.add(name + " (did not see a closed connection to itself)");
    } catch (UnsupportedOperationException e) {
      missing.add(name + " (" + e.getMessage() + ")");
    } catch (IOException | RuntimeException | LinkageError e) {
      missing.add(name + " (" + e + ")");
    }
    return false;
  }

  private static boolean selectorTells() throws IOException {
    try (LoopbackPair pair = LoopbackPair.open();
        Selector selector = Selector.open()) {
      pair.server().register(selector, SelectionKey.OP_READ);
      boolean silent = selector.selectNow() == 0;
      pair.finish();
      return silent && selector.select(PATIENCE_NANOS / 1_000_000) == 1;
    }
  }

  private static boolean flagsShowReset() throws IOException {
    try (LoopbackPair finished = LoopbackPair.open();
        LoopbackPair reset = LoopbackPair.open();
        PollFlags flags = new PollFlags()) {
      WatchedConnection first = new WatchedConnection(finished.server(), false, false);
      WatchedConnection second = new WatchedConnection(reset.server(), false, false);
      List<WatchedConnection> both = List.of(first, second);
      flags.look(both);
      boolean silent = first.flags == 0 && second.flags == 0;
      finished.finish();
      reset.reset();
      int hungUp = PollFlags.READABLE | PollFlags.HUNG_UP;
      return silent
          && eventually(
              () -> {
                flags.look(both);
                return first.flags == PollFlags.READABLE && second.flags == hungUp;
              });
    }
  }

  /** More than once: a FIN shows for some ten milliseconds only, which a busy machine may miss. */
  private static boolean quickAcksShowFin() throws IOException {
    for (int i = 0; i < TRIES; i++) {
      try (LoopbackPair pair = LoopbackPair.open()) {
        pair.client().write(ByteBuffer.allocate(1));
        boolean before = QuickAcks.areOn(pair.server());
        pair.finish();
        LockSupport.parkNanos(i * PAUSE_NANOS);
        if (before && !QuickAcks.areOn(pair.server())) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean tableIsRead() throws IOException {
    // The table itself swallows what is to be said of a file that cannot be read.
    new FileInputStream(SocketTables.PROC_NET + "/tcp").close();
    return sees(() -> SocketTables.proc(() -> {}));
  }

  private boolean sees(Supplier<SocketTable> opener) throws IOException {
    looks = 0;
    looksNanos = 0;
    try (SocketTable table = opener.get();
        LoopbackPair finished = LoopbackPair.open();
        LoopbackPair reset = LoopbackPair.open()) {
      TableEntry first = new WatchedConnection(finished.server(), false, false).entry();
      TableEntry second = new WatchedConnection(reset.server(), false, false).entry();
      if (first == null || second == null) {
        return false;
      }
      List<TableEntry> both = List.of(first, second);
      boolean standing =
          eventually(
              () -> {
                look(table, both);
                return first.sighting() == SocketState.ESTABLISHED
                    && second.sighting() == SocketState.ESTABLISHED;
              });
      for (int i = 0; standing && !table.isBatching() && i < WARM_UPS; i++) {
        table.look(both);
      }
      finished.finish();
      reset.reset();
      return standing
          && eventually(
              () -> {
                look(table, both);
                return first.sighting() == SocketState.FIN_RECEIVED
                    && second.sighting() == SocketState.MISSING;
              });
    }
  }

  private void look(SocketTable table, List<TableEntry> entries) {
    long start = clock.nanos();
    table.look(entries);
    looksNanos += clock.nanos() - start;
    looks++;
  }

  private static boolean segmentsCount() throws IOException {
    SegmentGate gate = new SegmentGate(SocketTables.PROC_NET);
    long before = gate.count();
    try (LoopbackPair pair = LoopbackPair.open()) {
      return before >= 0 && pair.server().isOpen() && eventually(() -> gate.count() > before);
    }
  }

  private static boolean eventually(Trial trial) throws IOException {
    long start = System.nanoTime();
    while (!trial.run()) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }
}
