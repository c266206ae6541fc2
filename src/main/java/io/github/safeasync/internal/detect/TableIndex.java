package io.github.safeasync.internal.detect;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the entries that a scan looks for by both ports; made anew for each scan, in place. */
final class TableIndex {

  private static final int GOLDEN = 0x9E3779B9;

  private @Nullable TableEntry[] heads = new @Nullable TableEntry[64];
  private int shift = 32 - 6;

  void fill(List<TableEntry> entries) {
    int bits = Math.max(6, 33 - Integer.numberOfLeadingZeros(entries.size()));
    if (heads.length == 1 << bits) {
      Arrays.fill(heads, null);
    } else {
      heads = new @Nullable TableEntry[1 << bits];
      shift = 32 - bits;
    }
    for (TableEntry entry : entries) {
      int slot = slot(entry.endpoints.ports());
      entry.next = heads[slot];
      heads[slot] = entry;
    }
  }

  /** The first entry that may have these ports; follow {@link TableEntry#next}. */
  @Nullable TableEntry candidates(int ports) {
    return heads[slot(ports)];
  }

  private int slot(int ports) {
    return (ports * GOLDEN) >>> shift;
  }
}
