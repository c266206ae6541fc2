package io.github.safeasync.detect;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** A netlink socket of our own, by the C library's functions. Used by one thread. */
final class NativeSocket implements AutoCloseable {

  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int NETLINK_SOCK_DIAG = 4;
  private static final int MSG_DONTWAIT = 0x40;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      ERRNO_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final FunctionDescriptor TRANSFER =
      FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SOCKET =
      function(
          "socket",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
          Linker.Option.captureCallState("errno"));
  private static final MethodHandle SEND = function("send", TRANSFER);
  private static final MethodHandle RECEIVE = function("recv", TRANSFER);
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final int descriptor;
  private boolean closed;

  private NativeSocket(int descriptor) {
    this.descriptor = descriptor;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(
      String name, FunctionDescriptor shape, Linker.Option... options) {
    MemorySegment address =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsupportedOperationException("no function " + name));
    return LINKER.downcallHandle(address, shape, options);
  }

  /**
   * Opens one for sock_diag.
   *
   * @throws UnsupportedOperationException if the system refuses, as seccomp filters may
   */
  static NativeSocket openNetlink() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(ERRNO_LAYOUT);
      int type = SOCK_RAW | SOCK_CLOEXEC;
      int descriptor = (int) SOCKET.invokeExact(state, AF_NETLINK, type, NETLINK_SOCK_DIAG);
      if (descriptor < 0) {
        int errno = (int) ERRNO.get(state, 0L);
        throw new UnsupportedOperationException("netlink is refused, errno " + errno);
      }
      return new NativeSocket(descriptor);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  long send(MemorySegment bytes, long length) {
    try {
      return (long) SEND.invokeExact(descriptor, bytes, length, MSG_DONTWAIT);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** Never waits; answers -1 if there is nothing. */
  long receive(MemorySegment into, long length) {
    try {
      return (long) RECEIVE.invokeExact(descriptor, into, length, MSG_DONTWAIT);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        int ignored = (int) CLOSE.invokeExact(descriptor);
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
