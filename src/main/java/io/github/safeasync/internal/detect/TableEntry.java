package io.github.safeasync.internal.detect;

import org.jspecify.annotations.Nullable;

/** One connection's place in the kernel's table. Belongs to the watcher's thread. */
final class TableEntry {

  static final int TCP_ESTABLISHED = 1;
  static final int TCP_CLOSE_WAIT = 8;
  static final int TCP_LISTEN = 10;

  /** Which of the two text tables it was found in. */
  enum Home {
    UNKNOWN,
    TCP,
    TCP6
  }

  final Endpoints endpoints;
  Home home;

  /** The next entry with the same hash in a scan's index. */
  @Nullable TableEntry next;

  private SocketState sighting = SocketState.UNKNOWN;
  private long identity;
  private int misses;

  TableEntry(Endpoints endpoints) {
    this.endpoints = endpoints;
    this.home = endpoints.isIpv4() ? Home.UNKNOWN : Home.TCP6;
  }

  SocketState sighting() {
    return sighting;
  }

  /** The socket's inode or cookie, 0 until it was seen. */
  long identity() {
    return identity;
  }

  /**
   * Whether it was ever seen with its connection standing. What was never seen may be known to the
   * kernel by other addresses, or live in another network namespace: its absence says nothing.
   */
  boolean wasSeen() {
    return identity != 0;
  }

  /** Looks in a row that did not find it. */
  int misses() {
    return misses;
  }

  /** A look begins: not found until found. */
  void begin() {
    sighting = SocketState.MISSING;
  }

  void found(int tcpState, long id) {
    if (tcpState != TCP_ESTABLISHED && tcpState != TCP_CLOSE_WAIT) {
      if (tcpState != TCP_LISTEN && sighting == SocketState.MISSING) {
        sighting = SocketState.CLOSED_HERE;
      }
    } else if (id != 0 && (identity == 0 || identity == id)) {
      identity = id;
      sighting = tcpState == TCP_CLOSE_WAIT ? SocketState.FIN_RECEIVED : SocketState.ESTABLISHED;
    } else if (id != 0 && sighting == SocketState.MISSING) {
      sighting = SocketState.REPLACED;
    }
  }

  /** Whether this look has found it, so that no other row can be its own. */
  boolean isFound() {
    return sighting == SocketState.ESTABLISHED || sighting == SocketState.FIN_RECEIVED;
  }

  /** A look is over. */
  void end() {
    misses = sighting == SocketState.MISSING ? misses + 1 : 0;
  }

  /** A look that could not be made: nothing is known, nothing counts. */
  void failed() {
    sighting = SocketState.UNKNOWN;
  }
}
