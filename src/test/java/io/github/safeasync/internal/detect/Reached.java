package io.github.safeasync.internal.detect;

import io.github.safeasync.internal.container.Connection;
import io.github.safeasync.internal.container.Quirks;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
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
  public @Nullable BooleanSupplier streamOpen() {
    return null;
  }

  @Override
  public @Nullable InetSocketAddress peer() {
    return address(channel, SocketChannel::getRemoteAddress);
  }

  @Override
  public @Nullable InetSocketAddress local() {
    return address(channel, SocketChannel::getLocalAddress);
  }

  interface Name {
    SocketAddress of(SocketChannel channel) throws IOException;
  }

  static @Nullable InetSocketAddress address(@Nullable SocketChannel of, Name name) {
    try {
      return of == null ? null : (InetSocketAddress) name.of(of);
    } catch (IOException closed) {
      return null;
    }
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
    return false;
  }

  @Override
  public boolean isUnanswered() {
    return false;
  }

  @Override
  public boolean isLost() {
    return channel != null && !channel.isOpen();
  }

  @Override
  public Quirks quirks() {
    throw new UnsupportedOperationException("The detector looks at facts alone");
  }
}
