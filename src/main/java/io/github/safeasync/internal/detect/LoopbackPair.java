package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A TCP connection to itself.
 *
 * @param client the end that connected, blocking
 * @param server the end that was accepted, non-blocking
 */
record LoopbackPair(SocketChannel client, SocketChannel server) implements AutoCloseable {

  private static final int STRANGERS = 8;

  static LoopbackPair open() throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      SocketChannel client = SocketChannel.open(listener.getLocalAddress());
      try {
        for (int i = 0; i < STRANGERS; i++) {
          SocketChannel server = listener.accept();
          if (client.getLocalAddress().equals(server.getRemoteAddress())) {
            server.configureBlocking(false);
            return new LoopbackPair(client, server);
          }
          server.close();
        }
        throw new IOException("only strangers connected");
      } catch (IOException e) {
        client.close();
        throw e;
      }
    }
  }

  /** Closes the client's end so that the server's end receives a FIN. */
  void finish() throws IOException {
    client.close();
  }

  /** Closes the client's end so that the server's end receives an RST. */
  void reset() throws IOException {
    client.setOption(StandardSocketOptions.SO_LINGER, 0);
    client.close();
  }

  @Override
  public void close() throws IOException {
    try (client) {
      server.close();
    }
  }
}
