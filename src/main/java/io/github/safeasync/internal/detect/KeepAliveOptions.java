package io.github.safeasync.internal.detect;

import io.github.safeasync.KeepAlive;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import jdk.net.ExtendedSocketOptions;

/**
 * Sets TCP keepalive on a container's channel and puts back what was there. A class of its own
 * because the module jdk.net may be missing.
 */
final class KeepAliveOptions {

  private KeepAliveOptions() {}

  /**
   * Sets the options.
   *
   * @return what restores them
   * @throws IOException if the channel is closed or refuses
   * @throws UnsupportedOperationException if the platform does not know an option
   * @throws LinkageError if the module jdk.net is missing
   */
  static Runnable apply(SocketChannel channel, KeepAlive keepAlive) throws IOException {
    List<Runnable> restore = new ArrayList<>();
    try {
      set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, keepAlive.idleSeconds(), restore);
      set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, keepAlive.intervalSeconds(), restore);
      set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, keepAlive.count(), restore);
      set(channel, StandardSocketOptions.SO_KEEPALIVE, true, restore);
    } catch (IOException | RuntimeException e) {
      restore.forEach(Runnable::run);
      throw e;
    }
    return () -> restore.forEach(Runnable::run);
  }

  private static <T> void set(
      SocketChannel channel, SocketOption<T> option, T value, List<Runnable> restore)
      throws IOException {
    T before = channel.getOption(option);
    channel.setOption(option, value);
    restore.add(
        () -> {
          try {
            channel.setOption(option, before);
          } catch (IOException | RuntimeException e) {
            // Closed: its options are gone with it.
          }
        });
  }
}
