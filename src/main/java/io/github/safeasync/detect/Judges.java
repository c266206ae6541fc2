package io.github.safeasync.detect;

/** Opens judges. */
final class Judges {

  static final String PROC_NET = "/proc/self/net";

  private Judges() {}

  static Judge proc(Runnable meanwhile) {
    return new ProcTable(PROC_NET, meanwhile);
  }

  /**
   * Opens the judge that asks by netlink.
   *
   * @throws UnsupportedOperationException if that cannot be, with the reason as its message
   */
  static Judge sockDiag() {
    try {
      return SockDiag.open();
    } catch (LinkageError e) {
      throw new UnsupportedOperationException(e.toString(), e);
    }
  }
}
