package io.github.safeasync.internal.container;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the containers have in common, with the facts and the quirks in one place. Everything is
 * looked up once, while the exchange is alive: later the pooled objects on the way may belong to
 * another connection.
 */
class ReachedConnection implements Connection, Quirks {

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
  public final @Nullable InetSocketAddress peer() {
    return address(channel, SocketChannel::getRemoteAddress);
  }

  @Override
  public final @Nullable InetSocketAddress local() {
    return address(channel, SocketChannel::getLocalAddress);
  }

  private interface Name {
    @Nullable SocketAddress of(SocketChannel channel) throws IOException;
  }

  private static @Nullable InetSocketAddress address(@Nullable SocketChannel of, Name name) {
    try {
      return of != null && name.of(of) instanceof InetSocketAddress address ? address : null;
    } catch (IOException closed) {
      return null;
    }
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
  public @Nullable BooleanSupplier streamOpen() {
    return null;
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
  public boolean isBroken() {
    return true;
  }

  /** What is known of a container that was recognised. */
  final boolean isClosed() {
    BooleanSupplier open = streamOpen();
    return isLost() || (open != null && !open.getAsBoolean());
  }

  @Override
  public final Quirks quirks() {
    return this;
  }

  @Override
  public @Nullable Lock writeLock() {
    return null;
  }

  @Override
  public @Nullable Executor streamThread() {
    return null;
  }

  @Override
  public boolean isNetworkThread() {
    return false;
  }

  @Override
  public boolean needsFlushBeforeEnd() {
    return false;
  }

  @Override
  public boolean losesHeadResponses() {
    return false;
  }

  @Override
  public boolean isTimedOut() {
    return false;
  }

  @Override
  public boolean isStreamReset() {
    return false;
  }

  @Override
  public boolean awaitsWriteListener() {
    return false;
  }

  @Override
  public boolean holdsBack() {
    return false;
  }

  @Override
  public boolean resumeWrites(ServletOutputStream stream) {
    return false;
  }

  @Override
  public boolean completesOnDispatchThread() {
    return false;
  }

  @Override
  public boolean isTimeoutPending() {
    return false;
  }

  @Override
  public void timeOut() {}

  @Override
  public boolean clearsOnReturn() {
    return false;
  }

  @Override
  public boolean isResponseComplete() {
    return false;
  }

  @Override
  public boolean isOver() {
    return false;
  }

  @Override
  public Exception ofLostClient(Exception thrown, IOException said) {
    return thrown;
  }

  @Override
  public boolean isBodyCut(long received) {
    return false;
  }

  @Override
  public boolean isBodyGiven() {
    return false;
  }

  @Override
  public boolean isBodyLost() {
    return false;
  }

  @Override
  public boolean isBodyRead(long announced) {
    return false;
  }

  @Override
  public @Nullable Lock streamCloseLock() {
    return null;
  }

  @Override
  public boolean isUnavailable() {
    return false;
  }

  /** What containers take unless they are told otherwise. */
  @Override
  public int headLimit() {
    return 8192;
  }

  @Override
  public boolean hasErrorPage(int status) {
    return true;
  }

  @Override
  public boolean isAbort(int status) {
    return false;
  }

  /**
   * Resets the connection beneath the container, which says nothing more to the client, no
   * close_notify of TLS either: a body whose end is the connection's must not look whole. Other
   * streams' connections are left alone.
   */
  final void reset() {
    SocketChannel own = channel;
    if (own == null || multiplexed) {
      return;
    }
    resetOnClose();
    try {
      close(own);
    } catch (IOException | RuntimeException closedAlready) {
      // There is nothing left to cut off.
    }
  }

  /** Has the connection's close, whosever it is, reset it. */
  final void resetOnClose() {
    SocketChannel own = channel;
    if (own == null || multiplexed) {
      return;
    }
    try {
      own.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException | RuntimeException closedAlready) {
      // There is nothing left to reset.
    }
  }

  /**
   * Closes a channel that lingers no more. While a selector has it, it is closed in truth by the
   * selector's next look, so that is to come soon.
   */
  void close(SocketChannel own) throws IOException {
    own.close();
  }

  @Override
  public final void failWrites() {
    if (multiplexed) {
      failStream();
    } else {
      failConnection();
    }
  }

  /** As {@link #failWrites}, of a connection of HTTP/1.1. */
  void failConnection() {
    reset();
  }

  /** As {@link #failWrites}, of one HTTP/2 stream. */
  void failStream() {}

  @Override
  public boolean abort(Runnable complete) {
    return false;
  }

  @Override
  public boolean leave(Runnable complete) {
    return abort(complete);
  }

  @Override
  public void hastenClose() {}

  @Override
  public final String toString() {
    return container + (multiplexed ? " stream of " : " connection ") + channel;
  }
}
