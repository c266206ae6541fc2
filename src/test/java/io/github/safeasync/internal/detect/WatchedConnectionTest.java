package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

class WatchedConnectionTest {

  private static final int TRIES = 2_000;

  /** A close cancels the key of every selector, whoever sets its interest. */
  @Test
  void closedMeanwhile_itsInterestIsNobodys() throws Exception {
    try (Selector selector = Selector.open()) {
      for (int i = 0; i < TRIES; i++) {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        WatchedConnection watched = new WatchedConnection(channel, false, false);
        watched.key = channel.register(selector, 0);
        Thread container = new Thread(() -> close(channel));
        container.start();
        while (channel.isOpen()) {
          watched.interest(0);
          watched.interest(SelectionKey.OP_READ);
        }
        container.join();
        selector.selectNow();
      }
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
