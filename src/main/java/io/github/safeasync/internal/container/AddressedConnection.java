package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A connection whose channel cannot be reached: its container is not known, or has none (Tomcat's
 * NIO2). The addresses are those the request tells. What a forwarding header has put there matches
 * no connection in the kernel's table, and so is never taken for one that has gone.
 */
final class AddressedConnection implements Connection {

  private final Connection reached;
  private final @Nullable InetSocketAddress peer;
  private final @Nullable InetSocketAddress local;

  private AddressedConnection(
      Connection reached, @Nullable InetSocketAddress peer, @Nullable InetSocketAddress local) {
    this.reached = reached;
    this.peer = peer;
    this.local = local;
  }

  /** Adds the addresses to what could be reached, if anything. */
  static Connection of(ServletRequest request, @Nullable Connection reached) {
    return new AddressedConnection(
        reached == null ? unknown(request) : reached,
        address(request.getRemoteAddr(), request.getRemotePort()),
        address(request.getLocalAddr(), request.getLocalPort()));
  }

  private static Connection unknown(ServletRequest request) {
    boolean multiplexed = !String.valueOf(request.getProtocol()).startsWith("HTTP/1");
    return new ReachedConnection("unknown", null, multiplexed, request.isSecure());
  }

  /** Null for what is no literal address: a name is never looked up. */
  static @Nullable InetSocketAddress address(@Nullable String host, int port) {
    if (host == null || port <= 0 || port > 0xFFFF) {
      return null;
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(literal(host)), port);
    } catch (UnknownHostException noLiteral) {
      return null;
    }
  }

  /** In brackets nothing but a literal IPv6 address is taken, which may be a mapped IPv4 one. */
  private static String literal(String host) throws UnknownHostException {
    if (host.indexOf(':') >= 0) {
      return host.startsWith("[") ? host : "[" + host + "]";
    } else if (host.indexOf('.') >= 0) {
      return "[::ffff:" + host + "]";
    }
    throw new UnknownHostException(host);
  }

  @Override
  public String container() {
    return reached.container();
  }

  @Override
  public @Nullable SocketChannel channel() {
    return reached.channel();
  }

  @Override
  public @Nullable InetSocketAddress peer() {
    return peer;
  }

  @Override
  public @Nullable InetSocketAddress local() {
    return local;
  }

  @Override
  public boolean isMultiplexed() {
    return reached.isMultiplexed();
  }

  @Override
  public boolean isSecure() {
    return reached.isSecure();
  }

  @Override
  public @Nullable BooleanSupplier streamOpen() {
    return reached.streamOpen();
  }

  @Override
  public @Nullable Runnable onReset(Runnable told) {
    return reached.onReset(told);
  }

  @Override
  public boolean isAtRest() {
    return reached.isAtRest();
  }

  @Override
  public boolean isUnanswered() {
    return reached.isUnanswered();
  }

  @Override
  public boolean isLost() {
    return reached.isLost();
  }

  @Override
  public boolean isBroken() {
    return reached.isBroken();
  }

  @Override
  public Quirks quirks() {
    return reached.quirks();
  }

  @Override
  public String toString() {
    return reached + " of " + peer;
  }
}
