package io.github.safeasync.detect;

import io.github.safeasync.container.Connection;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A connection of HTTP/1.1 of which nothing is known but the channel. */
record Reached(@Nullable SocketChannel channel) implements Connection {

  @Override
  public String container() {
    return "test";
  }

  @Override
  public boolean isMultiplexed() {
    return false;
  }

  @Override
  public boolean isSecure() {
    return false;
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
}
