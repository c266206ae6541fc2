package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/**
 * Whether the kernel acknowledges quickly, by which it shows a FIN behind unread bytes. A class of
 * its own because the module jdk.net may be missing.
 *
 * <p>TCP_QUICKACK reads as off while the kernel delays acknowledgements, as in a conversation: once
 * something is sent soon after something was received, and from a FIN on (tcp_fin). It is on again
 * when a delayed one had to be sent by itself, 40 to 200 ms later. So where it was on, and nothing
 * has been sent since, off is a FIN; on is no answer. To read an option takes nothing away. It is a
 * detail of Linux, so it is believed only after {@link MechanismProbe} has seen it work.
 */
final class QuickAcks {

  private QuickAcks() {}

  /**
   * Returns whether they are on.
   *
   * @throws IOException if the channel is closed
   * @throws UnsupportedOperationException if the platform does not know them
   * @throws LinkageError if the module jdk.net is missing
   */
  static boolean areOn(SocketChannel channel) throws IOException {
    return channel.getOption(ExtendedSocketOptions.TCP_QUICKACK);
  }
}
