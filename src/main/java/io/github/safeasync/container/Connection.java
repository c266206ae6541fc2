package io.github.safeasync.container;

import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connection, or HTTP/2 stream, that one request came by, as far as it could be reached.
 *
 * <p>What could not be reached is null; nothing in here throws. Thread-safe. An instance must be
 * dropped when its exchange ends: containers pool what lies behind it.
 */
public interface Connection {

  /** The container that was recognised, for a log: "Jetty", "Tomcat", "Undertow" or "unknown". */
  String container();

  /** The container's own channel; never to be read from, written to or closed. */
  @Nullable SocketChannel channel();

  /** Whether other requests share the connection at the same time, as in HTTP/2. */
  boolean isMultiplexed();

  /** Whether the connection is encrypted. */
  boolean isSecure();

  /**
   * The lock that has to be held around a write from an application thread, null where none has to.
   * Tomcat only (HTTP/1.1): a failing write on an application thread can otherwise poison a pooled
   * processor and so another connection's request.
   */
  @Nullable Lock writeLock();

  /**
   * Answers false once the HTTP/2 stream or its connection is known to be gone, where the container
   * knows but does not tell; null where there is nothing to ask.
   */
  @Nullable BooleanSupplier streamOpen();

  /**
   * Ends the connection (HTTP/1.1) or the stream (HTTP/2) so that the client sees a truncated
   * response. To be called before the AsyncContext is completed, with no other container call of
   * the exchange in flight.
   *
   * @return false if no way to do so was found
   */
  boolean abort();
}
