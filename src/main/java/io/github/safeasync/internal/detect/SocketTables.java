package io.github.safeasync.internal.detect;

/** Opens what asks the kernel. */
final class SocketTables {

  static final String PROC_NET = "/proc/self/net";

  private SocketTables() {}

  static SocketTable proc(Runnable meanwhile) {
    return new ProcTable(PROC_NET, meanwhile);
  }

  /**
   * Opens the one that asks by netlink.
   *
   * @throws UnsupportedOperationException if that cannot be, with the reason as its message
   */
  static SocketTable sockDiag() {
    try {
      return SockDiag.open();
    } catch (LinkageError e) {
      throw new UnsupportedOperationException(e.toString(), e);
    }
  }
}
