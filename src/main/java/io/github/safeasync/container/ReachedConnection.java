package io.github.safeasync.container;

import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the containers have in common. Everything is looked up once, while the exchange is alive:
 * later the pooled objects on the way may belong to another connection.
 */
class ReachedConnection implements Connection {

  private final String container;
  private final @Nullable SocketChannel channel;
  private final boolean multiplexed;
  private final boolean secure;

  ReachedConnection(
      String container, @Nullable SocketChannel channel, boolean multiplexed, boolean secure) {
    this.container = container;
    this.channel = channel;
    this.multiplexed = multiplexed;
    this.secure = secure;
  }

  @Override
  public final String container() {
    return container;
  }

  @Override
  public final @Nullable SocketChannel channel() {
    return channel;
  }

  @Override
  public final boolean isMultiplexed() {
    return multiplexed;
  }

  @Override
  public final boolean isSecure() {
    return secure;
  }

  @Override
  public @Nullable Lock writeLock() {
    return null;
  }

  @Override
  public @Nullable BooleanSupplier streamOpen() {
    return null;
  }

  @Override
  public boolean abort(Runnable complete) {
    return false;
  }

  @Override
  public final String toString() {
    return container + (multiplexed ? " stream of " : " connection ") + channel;
  }
}
