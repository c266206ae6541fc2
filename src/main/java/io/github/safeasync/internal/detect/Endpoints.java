package io.github.safeasync.internal.detect;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The two ends of a TCP connection as the kernel names them: addresses as 128 bits in network
 * order, IPv4 ones mapped (RFC 4291 section 2.5.5.2).
 */
record Endpoints(
    long localHigh,
    long localLow,
    int localPort,
    long remoteHigh,
    long remoteLow,
    int remotePort,
    int scope) {

  private static final long MAPPED = 0xFFFFL << 32;

  /** Returns null unless both are resolved internet addresses. */
  static @Nullable Endpoints of(@Nullable SocketAddress local, @Nullable SocketAddress remote) {
    if (!(local instanceof InetSocketAddress here)
        || !(remote instanceof InetSocketAddress there)
        || here.getAddress() == null
        || there.getAddress() == null) {
      return null;
    }
    return new Endpoints(
        high(here.getAddress()),
        low(here.getAddress()),
        here.getPort(),
        high(there.getAddress()),
        low(there.getAddress()),
        there.getPort(),
        there.getAddress() instanceof Inet6Address v6 ? v6.getScopeId() : 0);
  }

  boolean isIpv4() {
    return remoteHigh == 0 && (remoteLow & ~0xFFFFFFFFL) == MAPPED;
  }

  /** One number for both ports, the key of a scan. */
  int ports() {
    return (localPort << 16) | remotePort;
  }

  static long mapped(int ipv4) {
    return MAPPED | (ipv4 & 0xFFFFFFFFL);
  }

  private static long high(InetAddress address) {
    return address instanceof Inet4Address ? 0 : ByteBuffer.wrap(address.getAddress()).getLong();
  }

  private static long low(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet4Address ? mapped(bytes.getInt()) : bytes.getLong(8);
  }
}
