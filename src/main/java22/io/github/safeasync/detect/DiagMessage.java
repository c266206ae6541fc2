package io.github.safeasync.detect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes a sock_diag request and reads its answer, in one buffer.
 *
 * <pre>{@code
 *  0 nlmsghdr          u32 length, u16 type, u16 flags, u32 sequence, u32 port
 * 16 inet_diag_req_v2  u8 family, u8 protocol, u8 ext, u8 pad, u32 states, sockid at 24
 * 16 inet_diag_msg     u8 family, u8 state, u8 timer, u8 retransmits, sockid at 20, ...
 *    sockid (48)       be16 local port, be16 remote port, be32[4] local, be32[4] remote,
 *                      u32 interface, u32[2] cookie
 * }</pre>
 */
final class DiagMessage {

  static final int BUFFER_BYTES = 8192;
  static final int HEADER_BYTES = 16;

  private static final int REQUEST_BYTES = 72;
  private static final int ANSWER_BYTES = 88;
  private static final int REQUEST_SOCKET = 24;
  private static final int ANSWER_SOCKET = 20;
  private static final int COOKIE = 40;

  private static final short SOCK_DIAG_BY_FAMILY = 20;
  private static final short NLMSG_ERROR = 2;
  private static final short NLM_F_REQUEST = 1;
  private static final byte AF_INET = 2;
  private static final byte AF_INET6 = 10;
  private static final byte IPPROTO_TCP = 6;
  private static final long NO_COOKIE = -1;
  private static final int ENOENT = 2;
  private static final int ESTALE = 116;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort BE_SHORT = SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BE_INT = INT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfLong BE_LONG = LONG.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment buffer;

  DiagMessage(MemorySegment buffer) {
    this.buffer = buffer;
  }

  MemorySegment buffer() {
    return buffer;
  }

  /**
   * Writes a request for one socket; answers its length.
   *
   * @param cookie the socket's own as seen before, 0 for any socket of these addresses
   */
  int write(Endpoints endpoints, long cookie, int sequence) {
    buffer.asSlice(0, REQUEST_BYTES).fill((byte) 0);
    buffer.set(INT, 0, REQUEST_BYTES);
    buffer.set(SHORT, 4, SOCK_DIAG_BY_FAMILY);
    buffer.set(SHORT, 6, NLM_F_REQUEST);
    buffer.set(INT, 8, sequence);
    // AF_INET also finds the dual-stack sockets that the JVM makes.
    buffer.set(JAVA_BYTE, 16, endpoints.isIpv4() ? AF_INET : AF_INET6);
    buffer.set(JAVA_BYTE, 17, IPPROTO_TCP);
    buffer.set(INT, 20, -1);
    buffer.set(BE_SHORT, REQUEST_SOCKET, (short) endpoints.localPort());
    buffer.set(BE_SHORT, REQUEST_SOCKET + 2, (short) endpoints.remotePort());
    if (endpoints.isIpv4()) {
      buffer.set(BE_INT, REQUEST_SOCKET + 4, (int) endpoints.localLow());
      buffer.set(BE_INT, REQUEST_SOCKET + 20, (int) endpoints.remoteLow());
    } else {
      buffer.set(BE_LONG, REQUEST_SOCKET + 4, endpoints.localHigh());
      buffer.set(BE_LONG, REQUEST_SOCKET + 12, endpoints.localLow());
      buffer.set(BE_LONG, REQUEST_SOCKET + 20, endpoints.remoteHigh());
      buffer.set(BE_LONG, REQUEST_SOCKET + 28, endpoints.remoteLow());
    }
    buffer.set(INT, REQUEST_SOCKET + 36, endpoints.scope());
    buffer.set(LONG, REQUEST_SOCKET + COOKIE, cookie == 0 ? NO_COOKIE : cookie);
    return REQUEST_BYTES;
  }

  int sequence() {
    return buffer.get(INT, 8);
  }

  boolean isError() {
    return buffer.get(SHORT, 4) == NLMSG_ERROR;
  }

  /** Whether the error says that there is no such socket, or not this one any more. */
  boolean isAbsence() {
    int error = -buffer.get(INT, 16);
    return error == ENOENT || error == ESTALE;
  }

  boolean isSocket(long received) {
    return buffer.get(SHORT, 4) == SOCK_DIAG_BY_FAMILY && received >= ANSWER_BYTES;
  }

  int state() {
    return buffer.get(JAVA_BYTE, 17);
  }

  long cookie() {
    return buffer.get(LONG, ANSWER_SOCKET + COOKIE);
  }
}
