package io.github.safeasync.internal.detect;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at what poll would say of connections, through a selector of its own: readable, and hung
 * up.
 *
 * <p>The JDK's selector hides POLLHUP and POLLERR, but translates either into every operation that
 * is asked for. OP_CONNECT is never ready on a connected channel otherwise; so if it is, the kernel
 * has closed the connection: a reset, or a timeout. Exact, and some 3 µs without any native code.
 * It is a detail of the JDK on Linux, so it is believed only after {@link MechanismProbe} has seen
 * it work. A FIN does not show.
 */
final class PollFlags implements AutoCloseable {

  static final int READABLE = 1;
  static final int HUNG_UP = 2;

  private static final int OPERATIONS = SelectionKey.OP_READ | SelectionKey.OP_CONNECT;

  /** One call of the JDK's select takes up to 1024 events; all of a slice must come in one. */
  private static final int SLICE = 256;

  private final Selector selector;
  private final List<SelectionKey> keys = new ArrayList<>();

  PollFlags() throws IOException {
    this.selector = Selector.open();
  }

  /**
   * Sets {@link WatchedConnection#flags} of each; 0 for one that has no channel or a closed one.
   */
  void look(List<WatchedConnection> connections) throws IOException {
    for (int from = 0; from < connections.size(); from += SLICE) {
      slice(connections.subList(from, Math.min(from + SLICE, connections.size())));
    }
  }

  private void slice(List<WatchedConnection> connections) throws IOException {
    for (WatchedConnection watched : connections) {
      watched.flags = 0;
      try {
        if (watched.channel != null) {
          keys.add(watched.channel.register(selector, OPERATIONS, watched));
        }
      } catch (IOException | RuntimeException e) {
        // Closed meanwhile, or made blocking: its flags stay 0, and the next look will tell.
      }
    }
    if (keys.isEmpty()) {
      return;
    }
    try {
      selector.selectNow(PollFlags::mark);
    } finally {
      keys.forEach(SelectionKey::cancel);
      keys.clear();
      selector.selectNow();
    }
  }

  private static void mark(SelectionKey key) {
    if (key.attachment() instanceof WatchedConnection watched && key.isValid()) {
      int ready = key.readyOps();
      watched.flags =
          ((ready & SelectionKey.OP_READ) != 0 ? READABLE : 0)
              | ((ready & SelectionKey.OP_CONNECT) != 0 ? HUNG_UP : 0);
    }
  }

  @Override
  public void close() {
    try {
      selector.close();
    } catch (IOException e) {
      // Nothing is left to be done about it.
    }
  }
}
