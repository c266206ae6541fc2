package io.github.safeasync.internal.detect;

import java.nio.ByteOrder;

/**
 * Reads rows of /proc/net/tcp and tcp6 out of bytes, allocating nothing.
 *
 * <pre>{@code
 * 12: 0100007F:1F90 0100007F:D431 08 00000000:00000000 00:00000000 00000000  1000  0 34567 1 ...
 * sl  local:port    remote:port   st tx:rx             tr:when     retrnsmt  uid   to inode
 * }</pre>
 *
 * <p>An address is one word in tcp and four in tcp6; a word is printed as the machine's own number
 * of bytes that lie in network order.
 */
final class RowParser {

  private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final int FIELDS_BETWEEN_STATE_AND_INODE = 5;

  private final boolean ipv6;
  private byte[] bytes = {};
  private int at;
  private int end;
  private boolean broken;

  long localHigh;
  long localLow;
  int localPort;
  long remoteHigh;
  long remoteLow;
  int remotePort;
  int state;

  RowParser(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  /** Reads both ends and the state; returns false if this is no row. */
  boolean read(byte[] from, int start, int afterEnd) {
    bytes = from;
    at = start;
    end = afterEnd;
    broken = false;
    while (at < end && bytes[at] != ':') {
      at++;
    }
    at += 2;
    localHigh = ipv6 ? longWord() : 0;
    localLow = ipv6 ? longWord() : Endpoints.mapped(word());
    localPort = afterColon();
    at++;
    remoteHigh = ipv6 ? longWord() : 0;
    remoteLow = ipv6 ? longWord() : Endpoints.mapped(word());
    remotePort = afterColon();
    at++;
    state = hex(2);
    return !broken;
  }

  /** Reads on to the inode of the row just read; 0 if there is none. */
  long inode() {
    for (int field = 0; field < FIELDS_BETWEEN_STATE_AND_INODE; field++) {
      while (at < end && bytes[at] == ' ') {
        at++;
      }
      while (at < end && bytes[at] != ' ') {
        at++;
      }
    }
    while (at < end && bytes[at] == ' ') {
      at++;
    }
    long inode = 0;
    while (at < end && bytes[at] >= '0' && bytes[at] <= '9') {
      inode = inode * 10 + (bytes[at++] - '0');
    }
    return inode;
  }

  boolean matches(Endpoints other) {
    return remoteLow == other.remoteLow()
        && localLow == other.localLow()
        && remoteHigh == other.remoteHigh()
        && localHigh == other.localHigh()
        && remotePort == other.remotePort()
        && localPort == other.localPort();
  }

  private int afterColon() {
    broken |= at >= end || bytes[at] != ':';
    at++;
    return hex(4);
  }

  private long longWord() {
    long first = word();
    return (first << 32) | (word() & 0xFFFFFFFFL);
  }

  private int word() {
    int printed = hex(8);
    return SWAP ? Integer.reverseBytes(printed) : printed;
  }

  private int hex(int digits) {
    if (at + digits > end) {
      broken = true;
      return 0;
    }
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(bytes[at++], 16);
      broken |= digit < 0;
      value = (value << 4) | (digit & 0xF);
    }
    return value;
  }
}
