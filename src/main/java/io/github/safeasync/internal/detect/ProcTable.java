package io.github.safeasync.internal.detect;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table that reads /proc/self/net/tcp6 and tcp as text: on any JDK. One scan serves any number
 * of connections.
 *
 * <p>/proc/self/net, not /proc/net: the latter does not survive a mount with subset=pid. A scan is
 * not atomic, a standing connection may be missing from it, twice running even: so three misses.
 */
final class ProcTable implements SocketTable {

  private static final int MISSES = 3;

  /** The JDK reads up to this size through its stack; larger reads allocate each time. */
  private static final int CHUNK = 8192;

  private final String directory;
  private final Runnable meanwhile;
  private final boolean hasTcp6;
  private final TableIndex index = new TableIndex();
  private final RowParser ipv4Rows = new RowParser(false);
  private final RowParser ipv6Rows = new RowParser(true);
  private final byte[] buffer = new byte[2 * CHUNK];

  /** How many of those looked for have not been found yet: behind the last one nothing is read. */
  private int sought;

  /**
   * Makes one.
   *
   * @param meanwhile run every few rows, so that a long scan holds nothing up
   */
  ProcTable(String directory, Runnable meanwhile) {
    this.directory = directory;
    this.meanwhile = meanwhile;
    // A kernel without IPv6 has no such file.
    this.hasTcp6 = new File(directory, "tcp6").exists();
  }

  @Override
  public String name() {
    return "/proc/net/tcp";
  }

  @Override
  public boolean isBatching() {
    return true;
  }

  @Override
  public int missesNeeded() {
    return MISSES;
  }

  @Override
  public void look(List<TableEntry> entries) {
    boolean inTcp6 = false;
    for (TableEntry entry : entries) {
      entry.begin();
      inTcp6 |= entry.home != TableEntry.Home.TCP;
    }
    index.fill(entries);
    sought = entries.size();
    try {
      if (inTcp6 && hasTcp6) {
        scan("/tcp6", ipv6Rows, TableEntry.Home.TCP6);
      }
      if (sought > 0 && anyMayBeIn4(entries)) {
        scan("/tcp", ipv4Rows, TableEntry.Home.TCP);
      }
      entries.forEach(TableEntry::end);
    } catch (IOException e) {
      entries.forEach(TableEntry::failed);
    }
  }

  private static boolean anyMayBeIn4(List<TableEntry> entries) {
    for (TableEntry entry : entries) {
      if (entry.home != TableEntry.Home.TCP6 && entry.sighting() == SocketState.MISSING) {
        return true;
      }
    }
    return false;
  }

  private void scan(String file, RowParser rows, TableEntry.Home home) throws IOException {
    try (FileInputStream in = new FileInputStream(directory + file)) {
      int kept = 0;
      int read;
      while (sought > 0 && (read = in.read(buffer, kept, CHUNK)) > 0) {
        int end = kept + read;
        int start = 0;
        for (int i = kept; i < end; i++) {
          if (buffer[i] == '\n') {
            row(rows, home, start, i);
            start = i + 1;
          }
        }
        kept = end - start;
        if (kept > CHUNK) {
          throw new IOException(file + " has a row of more than " + CHUNK + " bytes");
        }
        System.arraycopy(buffer, start, buffer, 0, kept);
        meanwhile.run();
      }
    }
  }

  private void row(RowParser rows, TableEntry.Home home, int start, int end) {
    if (!rows.read(buffer, start, end)) {
      return;
    }
    int ports = (rows.localPort << 16) | rows.remotePort;
    long inode = -1;
    for (@Nullable TableEntry entry = index.candidates(ports); entry != null; entry = entry.next) {
      if (rows.matches(entry.endpoints)) {
        inode = inode < 0 ? rows.inode() : inode;
        boolean before = entry.isFound();
        entry.found(rows.state, inode);
        sought -= !before && entry.isFound() ? 1 : 0;
        if (entry.wasSeen()) {
          entry.home = home;
        }
      }
    }
  }

  @Override
  public void close() {}
}
