package io.github.safeasync.internal.detect;

import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.Quirks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection as a container holds it: the server's channel is non-blocking and registered
 * with a first selector that asks for nothing, as while an exchange is pending.
 */
final class Wire implements Connection, AutoCloseable {

  final SocketChannel client;
  final SocketChannel server;
  private final Selector container;
  private final boolean ownsSelector;
  boolean secure;
  boolean multiplexed;

  /** Whether the container says that it reads nothing. */
  volatile BooleanSupplier atRest = () -> false;

  /** Whether the container says that it has sent nothing. */
  volatile boolean unanswered;

  @Nullable BooleanSupplier streamOpen;

  private Wire(SocketChannel client, SocketChannel server, Selector container, boolean owns)
      throws IOException {
    this.client = client;
    this.server = server;
    this.container = container;
    this.ownsSelector = owns;
    server.configureBlocking(false);
    server.register(container, 0);
  }

  static Wire open() throws IOException {
    try (ServerSocketChannel listener = listen()) {
      return accept(listener, Selector.open(), true);
    }
  }

  static ServerSocketChannel listen() throws IOException {
    return ServerSocketChannel.open()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
  }

  static Wire open(ServerSocketChannel listener, Selector container) throws IOException {
    return accept(listener, container, false);
  }

  /** From a port of the client's choice. */
  static Wire open(ServerSocketChannel listener, Selector container, InetSocketAddress client)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    channel.bind(client).connect(listener.getLocalAddress());
    return new Wire(channel, listener.accept(), container, false);
  }

  private static Wire accept(ServerSocketChannel listener, Selector container, boolean owns)
      throws IOException {
    SocketChannel client = SocketChannel.open(listener.getLocalAddress());
    return new Wire(client, listener.accept(), container, owns);
  }

  void send(int bytes) throws IOException {
    client.write(ByteBuffer.allocate(bytes));
  }

  Selector selector() {
    return container;
  }

  int containerReads() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    return server.read(buffer);
  }

  void clientReads() throws IOException {
    client.read(ByteBuffer.allocate(8192));
  }

  void containerWrites() throws IOException {
    server.write(ByteBuffer.wrap(new byte[] {1}));
  }

  void finish() throws IOException {
    client.close();
  }

  void halfClose() throws IOException {
    client.shutdownOutput();
  }

  void reset() throws IOException {
    client.setOption(StandardSocketOptions.SO_LINGER, 0);
    client.close();
  }

  /** As a container closes: its key goes, and the channel with the next of its selections. */
  void containerCloses() throws IOException {
    SelectionKey key = server.keyFor(container);
    server.close();
    if (key != null) {
      key.cancel();
    }
    container.selectNow();
  }

  @Override
  public void close() throws IOException {
    client.close();
    if (server.isOpen()) {
      containerCloses();
    }
    if (ownsSelector) {
      container.close();
    }
  }

  @Override
  public String container() {
    return "test";
  }

  @Override
  public SocketChannel channel() {
    return server;
  }

  @Override
  public boolean isMultiplexed() {
    return multiplexed;
  }

  @Override
  public boolean isSecure() {
    return secure;
  }

  @Override
  public @Nullable BooleanSupplier streamOpen() {
    return streamOpen;
  }

  @Override
  public @Nullable InetSocketAddress peer() {
    return Reached.address(server, SocketChannel::getRemoteAddress);
  }

  @Override
  public @Nullable InetSocketAddress local() {
    return Reached.address(server, SocketChannel::getLocalAddress);
  }

  @Override
  public boolean isBroken() {
    return false;
  }

  @Override
  public @Nullable Runnable onReset(Runnable told) {
    return null;
  }

  @Override
  public boolean isAtRest() {
    return atRest.getAsBoolean();
  }

  @Override
  public boolean isUnanswered() {
    return unanswered;
  }

  @Override
  public boolean isLost() {
    return !server.isOpen();
  }

  @Override
  public Quirks quirks() {
    throw new UnsupportedOperationException("The detector looks at facts alone");
  }
}
