package io.github.safeasync.internal.detect;

import java.nio.ByteBuffer;
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
  private static final int ERROR_BYTES = 20;
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

  private static final byte[] NOTHING = new byte[REQUEST_BYTES];

  /** In the order of the platform. */
  private final ByteBuffer buffer;

  /** The same bytes in the order of the network. */
  private final ByteBuffer network;

  DiagMessage(ByteBuffer buffer) {
    this.buffer = buffer;
    this.network = buffer.duplicate().order(ByteOrder.BIG_ENDIAN);
  }

  /**
   * Writes a request for one socket; returns its length.
   *
   * @param cookie the socket's own as seen before, 0 for any socket of these addresses
   */
  int write(Endpoints endpoints, long cookie, int sequence) {
    buffer.put(0, NOTHING);
    buffer.putInt(0, REQUEST_BYTES);
    buffer.putShort(4, SOCK_DIAG_BY_FAMILY);
    buffer.putShort(6, NLM_F_REQUEST);
    buffer.putInt(8, sequence);
    // AF_INET also finds the dual-stack sockets that the JVM makes.
    buffer.put(16, endpoints.isIpv4() ? AF_INET : AF_INET6);
    buffer.put(17, IPPROTO_TCP);
    buffer.putInt(20, -1);
    network.putShort(REQUEST_SOCKET, (short) endpoints.localPort());
    network.putShort(REQUEST_SOCKET + 2, (short) endpoints.remotePort());
    if (endpoints.isIpv4()) {
      network.putInt(REQUEST_SOCKET + 4, (int) endpoints.localLow());
      network.putInt(REQUEST_SOCKET + 20, (int) endpoints.remoteLow());
    } else {
      network.putLong(REQUEST_SOCKET + 4, endpoints.localHigh());
      network.putLong(REQUEST_SOCKET + 12, endpoints.localLow());
      network.putLong(REQUEST_SOCKET + 20, endpoints.remoteHigh());
      network.putLong(REQUEST_SOCKET + 28, endpoints.remoteLow());
    }
    buffer.putInt(REQUEST_SOCKET + 36, endpoints.scope());
    buffer.putLong(REQUEST_SOCKET + COOKIE, cookie == 0 ? NO_COOKIE : cookie);
    return REQUEST_BYTES;
  }

  int sequence() {
    return buffer.getInt(8);
  }

  boolean isError() {
    return buffer.getShort(4) == NLMSG_ERROR;
  }

  /** Whether the error says that there is no such socket, or not this one any more. */
  boolean isAbsence(long received) {
    int error = received < ERROR_BYTES ? 0 : -buffer.getInt(16);
    return error == ENOENT || error == ESTALE;
  }

  boolean isSocket(long received) {
    return buffer.getShort(4) == SOCK_DIAG_BY_FAMILY && received >= ANSWER_BYTES;
  }

  int state() {
    return buffer.get(17);
  }

  long cookie() {
    return buffer.getLong(ANSWER_SOCKET + COOKIE);
  }
}
