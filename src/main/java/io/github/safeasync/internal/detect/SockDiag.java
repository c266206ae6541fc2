package io.github.safeasync.internal.detect;

import java.util.List;

/**
 * The table that asks the kernel for one socket at a time over netlink, sock_diag(7): some 5 µs
 * however many there are, unprivileged. JDK 22 and later, and only where native access has been
 * granted already, so that the JVM never has a reason to warn.
 */
final class SockDiag implements SocketTable {

  /** A lookup can miss a socket that moves in the kernel's hash just then: asked again. */
  private static final int MISSES = 2;

  private static final int MOST_STALE_ANSWERS = 16;

  private final NetlinkSocket socket;
  private final DiagMessage message;
  private int sequence;

  SockDiag(NetlinkSocket socket) {
    this.socket = socket;
    this.message = new DiagMessage(socket.buffer());
  }

  /**
   * Opens one, for use by the calling thread. Takes up to half a second the first time.
   *
   * @throws UnsupportedOperationException if that cannot be, with the reason as its message
   */
  static SocketTable open() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      throw new UnsupportedOperationException("needs Linux");
    }
    ForeignFunctions.requireAllowed();
    return new SockDiag(NativeSocket.openNetlink(DiagMessage.BUFFER_BYTES));
  }

  @Override
  public String name() {
    return "sock_diag";
  }

  @Override
  public boolean isBatching() {
    return false;
  }

  @Override
  public int missesNeeded() {
    return MISSES;
  }

  @Override
  public void look(List<TableEntry> entries) {
    for (TableEntry entry : entries) {
      entry.begin();
      if (isAnswered(entry)) {
        entry.end();
      } else {
        entry.failed();
      }
    }
  }

  private boolean isAnswered(TableEntry entry) {
    try {
      return ask(entry);
    } catch (RuntimeException e) {
      // A socket that cannot be used says nothing; the flags, and the looks, still do.
      return false;
    }
  }

  /** Returns false if the kernel gave no answer to this. */
  private boolean ask(TableEntry entry) {
    int asked = ++sequence;
    int length = message.write(entry.endpoints, entry.identity(), asked);
    if (socket.send(length) != length) {
      return false;
    }
    // The kernel answers within send(); an older answer may still lie before ours.
    for (int i = 0; i < MOST_STALE_ANSWERS; i++) {
      long received = socket.receive();
      if (received < DiagMessage.HEADER_BYTES) {
        return false;
      }
      if (message.sequence() == asked) {
        return take(entry, received);
      }
    }
    return false;
  }

  private boolean take(TableEntry entry, long received) {
    if (message.isError()) {
      return message.isAbsence(received);
    }
    if (!message.isSocket(received)) {
      return false;
    }
    entry.found(message.state(), message.cookie());
    return true;
  }

  @Override
  public void close() {
    socket.close();
  }
}
