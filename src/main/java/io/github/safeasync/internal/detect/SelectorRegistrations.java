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

  /** Returns the connection of a channel, new or as it stands; null if it cannot be selected. */
  @Nullable WatchedConnection ofChannel(Connection connection, SocketChannel channel) {
    try {
      SelectionKey key = channel.keyFor(selector);
      if (key != null
          && key.isValid()
          && key.attachment() instanceof WatchedConnection watched
          && watched.state != ConnectionState.DROPPED) {
        return watched;
      }
      if (key != null) {
        // It counts only from the next selection on.
        key.cancel();
        selector.selectNow(onReady);
      }
      if (!channel.isConnected() || channel.isBlocking()) {
        return null;
      }
      WatchedConnection watched =
          new WatchedConnection(channel, connection.isSecure(), connection.isMultiplexed());
      watched.key = channel.register(selector, SelectionKey.OP_READ, watched);
      return watched;
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

  /** Returns a new one to be polled; null if these are no addresses of a TCP connection. */
  @Nullable WatchedConnection ofEndpoints(@Nullable Endpoints endpoints, long now) {
    if (endpoints == null) {
      return null;
    }
    WatchedConnection watched = new WatchedConnection(endpoints);
    watched.state = ConnectionState.SUSPECT;
    watched.signAt = now;
    suspects.add(watched, now);
    return watched;
  }

  /** Called from the selector: something has come in, or the connection has ended. */
  void suspect(WatchedConnection watched, long now) {
    if (watched.state == ConnectionState.QUIET) {
      watched.signAt = now;
      // First what may fail: until it is done the selector goes on to tell.
      suspects.add(watched, now);
      watched.interest(0);
      watched.state = ConnectionState.SUSPECT;
    }
  }

  /** Nothing was behind the suspicion. */
  void calm(WatchedConnection watched) {
    suspects.remove(watched);
    watched.state = ConnectionState.QUIET;
    watched.interest(SelectionKey.OP_READ);
  }

  /** Takes the watch off its connection, and that off the selector if that was its last. */
  void detach(ExchangeWatch watch) {
    WatchedConnection watched = watch.watched;
    if (watched != null) {
      watched.remove(watch);
      if (watched.isEmpty()) {
        drop(watched);
      }
    }
  }

  /** Its descriptor is free again with the next selection. */
  void drop(WatchedConnection watched) {
    watched.state = ConnectionState.DROPPED;
    suspects.remove(watched);
    try {
      if (watched.key != null) {
        watched.key.cancel();
      }
    } finally {
      restore(watched);
    }
  }

  void keepAlive(WatchedConnection watched, KeepAlive keepAlive) {
    SocketChannel channel = watched.channel;
    if (channel == null || watched.restoreOptions != null || keepAliveFailed) {
      return;
    }
    try {
      long now = System.nanoTime();
      watched.keptAlive(now, patienceNanos(keepAlive), KeepAliveOptions.apply(channel, keepAlive));
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

  void restore(WatchedConnection watched) {
    Runnable restore = watched.restoreOptions;
    if (restore != null) {
      watched.restoreOptions = null;
      restore.run();
    }
  }
}
