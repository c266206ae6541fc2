package io.github.safeasync.internal.detect;

import io.github.safeasync.KeepAlive;
import io.github.safeasync.internal.container.Connection;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts connections on the selector and takes them off it. Belongs to the watcher's thread. */
final class SelectorRegistrations {

  private static final Logger LOGGER =
      System.getLogger(SelectorRegistrations.class.getPackageName());

  private final Selector selector;
  private final Suspects suspects;
  private final Consumer<SelectionKey> onReady;
  private boolean keepAliveFailed;
  private boolean selectionFailed;

  SelectorRegistrations(Selector selector, Suspects suspects, Consumer<SelectionKey> onReady) {
    this.selector = selector;
    this.suspects = suspects;
    this.onReady = onReady;
  }

  /** Returns the line of a channel, new or as it stands; null if it cannot be selected. */
  @Nullable WatchedConnection ofChannel(Connection connection, SocketChannel channel) {
    try {
      SelectionKey key = channel.keyFor(selector);
      if (key != null
          && key.isValid()
          && key.attachment() instanceof WatchedConnection line
          && line.state != ConnectionState.DROPPED) {
        return line;
      }
      if (key != null) {
        // It counts only from the next selection on.
        key.cancel();
        selector.selectNow(onReady);
      }
      if (!channel.isConnected() || channel.isBlocking()) {
        return null;
      }
      WatchedConnection line =
          new WatchedConnection(channel, connection.isSecure(), connection.isMultiplexed());
      line.key = channel.register(selector, SelectionKey.OP_READ, line);
      return line;
    } catch (ClosedChannelException | IllegalBlockingModeException e) {
      return null;
    } catch (IOException | RuntimeException e) {
      unselectable(channel, e);
      return null;
    }
  }

  /** Of another provider, as a rule; then all of that container's are. */
  private void unselectable(SocketChannel channel, Exception why) {
    if (!selectionFailed) {
      selectionFailed = true;
      LOGGER.log(
          Level.INFO, "A " + channel.getClass().getName() + " cannot be selected on: " + why);
    }
  }

  /** Returns a new line to be polled; null if these are no addresses of a TCP connection. */
  @Nullable WatchedConnection ofEndpoints(@Nullable Endpoints endpoints, long now) {
    if (endpoints == null) {
      return null;
    }
    WatchedConnection line = new WatchedConnection(endpoints);
    line.state = ConnectionState.SUSPECT;
    line.signAt = now;
    suspects.add(line, now);
    return line;
  }

  /** Called from the selector: something has come in, or the connection has ended. */
  void suspect(WatchedConnection line, long now) {
    if (line.state == ConnectionState.QUIET) {
      line.signAt = now;
      // First what may fail: until it is done the selector goes on to tell.
      suspects.add(line, now);
      line.interest(0);
      line.state = ConnectionState.SUSPECT;
    }
  }

  /** Nothing was behind the suspicion. */
  void calm(WatchedConnection line) {
    suspects.remove(line);
    line.state = ConnectionState.QUIET;
    line.interest(SelectionKey.OP_READ);
  }

  /** Takes the watch off its line, and the line off the selector if that was its last. */
  void detach(ExchangeWatch watch) {
    WatchedConnection line = watch.line;
    if (line != null) {
      line.remove(watch);
      if (line.isEmpty()) {
        drop(line);
      }
    }
  }

  /** Its descriptor is free again with the next selection. */
  void drop(WatchedConnection line) {
    line.state = ConnectionState.DROPPED;
    suspects.remove(line);
    try {
      if (line.key != null) {
        line.key.cancel();
      }
    } finally {
      restore(line);
    }
  }

  void keepAlive(WatchedConnection line, KeepAlive keepAlive) {
    SocketChannel channel = line.channel;
    if (channel == null || line.restoreOptions != null || keepAliveFailed) {
      return;
    }
    try {
      long now = System.nanoTime();
      line.keptAlive(now, patienceNanos(keepAlive), KeepAliveOptions.apply(channel, keepAlive));
    } catch (UnsupportedOperationException | LinkageError e) {
      keepAliveFailed = true;
      LOGGER.log(Level.INFO, "TCP keepalive cannot be set here and is left out: " + e);
    } catch (IOException | RuntimeException e) {
      LOGGER.log(Level.DEBUG, () -> "Cannot set keepalive on " + channel + ": " + e);
    }
  }

  /** How long a client has to be silent before the kernel gives the connection up. */
  private static long patienceNanos(KeepAlive keepAlive) {
    return TimeUnit.SECONDS.toNanos(
        keepAlive.idleSeconds() + (long) keepAlive.count() * keepAlive.intervalSeconds());
  }

  void restore(WatchedConnection line) {
    Runnable restore = line.restoreOptions;
    if (restore != null) {
      line.restoreOptions = null;
      restore.run();
    }
  }
}
