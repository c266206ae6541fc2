package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.ForeignFunctions.Type.ADDRESS;
import static io.github.safeasync.internal.detect.ForeignFunctions.Type.INT;
import static io.github.safeasync.internal.detect.ForeignFunctions.Type.LONG;

import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/** A netlink socket of our own, by the C library's functions, with a buffer. Used by one thread. */
final class NativeSocket implements NetlinkSocket {

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int NETLINK_SOCK_DIAG = 4;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int ERRNO_BYTES = 4;

  private final int descriptor;
  private final ByteBuffer buffer;
  private final MethodHandle send;
  private final MethodHandle receive;
  private final MethodHandle closing;
  private boolean closed;

  private NativeSocket(ForeignFunctions library, int descriptor, int bufferBytes) {
    this.descriptor = descriptor;
    this.buffer = ForeignFunctions.memory(bufferBytes);
    this.send = library.bind(library.function("send", LONG, INT, ADDRESS, LONG, INT), 1, buffer);
    this.receive = library.bind(library.function("recv", LONG, INT, ADDRESS, LONG, INT), 1, buffer);
    this.closing = library.function("close", INT, INT);
  }

  /**
   * Opens one for sock_diag. Takes up to half a second the first time.
   *
   * @param bufferBytes the size of its buffer
   * @throws UnsupportedOperationException if the JVM cannot, or the system refuses, as seccomp
   *     filters may
   */
  static NativeSocket openNetlink(int bufferBytes) {
    ForeignFunctions library = ForeignFunctions.open();
    ByteBuffer errno = ForeignFunctions.memory(ERRNO_BYTES);
    MethodHandle socket =
        library.bind(library.functionWithErrno("socket", INT, INT, INT, INT), 0, errno);
    int type = SOCK_RAW | SOCK_CLOEXEC;
    try {
      int descriptor = (int) socket.invokeExact(AF_NETLINK, type, NETLINK_SOCK_DIAG);
      if (descriptor < 0) {
        throw new UnsupportedOperationException("netlink is refused, errno " + errno.getInt(0));
      }
      return new NativeSocket(library, descriptor, bufferBytes);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  @Override
  public ByteBuffer buffer() {
    return buffer;
  }

  @Override
  public long send(long length) {
    try {
      return (long) send.invokeExact(descriptor, length, MSG_DONTWAIT);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  @Override
  public long receive() {
    try {
      return (long) receive.invokeExact(descriptor, (long) buffer.capacity(), MSG_DONTWAIT);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        int ignored = (int) closing.invokeExact(descriptor);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }
  }

  private static RuntimeException rethrown(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }
}
