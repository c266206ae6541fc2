package io.github.safeasync.internal.detect;

import java.io.FileInputStream;
import java.io.IOException;

/**
 * Tells whether anything can have changed in the table: as long as the kernel's count of TCP
 * segments received stands still, nothing the peers do has. Costs some ten microseconds where a
 * scan costs milliseconds.
 */
final class SegmentGate {

  private static final int IN_SEGS_FIELD = 10;

  private final String file;
  private final byte[] buffer = new byte[8192];
  private long seen = -1;
  private boolean settled;
  private long lastOpen;

  SegmentGate(String directory) {
    this.file = directory + "/snmp";
  }

  /**
   * Whether a scan is worth its cost now. To be asked before each scan that may be left out.
   *
   * @param forcedNanos after how long it is, whatever the count
   */
  boolean isOpen(long now, long forcedNanos) {
    long count = count();
    boolean moved = count < 0 || count != seen;
    boolean open = moved || !settled || now - lastOpen > forcedNanos;
    // After the count has moved two scans are made: the first may have come before its effect.
    settled = !moved;
    seen = count;
    if (open) {
      lastOpen = now;
    }
    return open;
  }

  /** Tcp InSegs, or -1 if it cannot be read. */
  long count() {
    try (FileInputStream in = new FileInputStream(file)) {
      int length = 0;
      int read;
      while (length < buffer.length
          && (read = in.read(buffer, length, buffer.length - length)) > 0) {
        length += read;
      }
      return inSegments(buffer, length);
    } catch (IOException e) {
      return -1;
    }
  }

  /** The tenth number of the second line that begins with "Tcp:". */
  static long inSegments(byte[] text, int length) {
    int lines = 0;
    for (int start = 0; start < length; start = nextLine(text, start, length)) {
      if (length - start > 4
          && text[start] == 'T'
          && text[start + 1] == 'c'
          && text[start + 2] == 'p'
          && text[start + 3] == ':'
          && ++lines == 2) {
        return field(text, start, length);
      }
    }
    return -1;
  }

  private static int nextLine(byte[] text, int from, int length) {
    int at = from;
    while (at < length && text[at] != '\n') {
      at++;
    }
    return at + 1;
  }

  private static long field(byte[] text, int from, int length) {
    int at = from;
    for (int spaces = 0; at < length && spaces < IN_SEGS_FIELD; at++) {
      if (text[at] == ' ') {
        spaces++;
      }
    }
    long value = -1;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
      value = Math.max(value, 0) * 10 + (text[at] - '0');
    }
    return value;
  }
}
