package io.github.safeasync.internal.container;

import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connection, or HTTP/2 stream, that one request came by, as far as it could be reached: the
 * facts of it, by which a hang-up is noticed. What its container asks of whoever answers the
 * request is in its {@link #quirks}.
 *
 * <p>What could not be reached is null; nothing in here throws. Thread-safe. An instance must be
 * dropped when its exchange ends: containers pool what lies behind it.
 */
public interface Connection {

  /**
   * The container that was recognised, for a log: "Jetty", "Tomcat", "Undertow", "Vert.x",
   * "Grizzly", "Open Liberty" or "unknown".
   */
  String container();

  /** The container's own channel; never to be read from, written to or closed. */
  @Nullable SocketChannel channel();

  /** The client's end of the connection itself, whatever a forwarding header says. */
  @Nullable InetSocketAddress peer();

  /** The container's end of the connection itself. */
  @Nullable InetSocketAddress local();

  /** Whether other requests share the connection at the same time, as in HTTP/2. */
  boolean isMultiplexed();

  /** Whether the connection is encrypted, whatever a forwarding header says. */
  boolean isSecure();

  /**
   * Returns false once the HTTP/2 stream or its connection is known to be gone, where the container
   * knows but does not tell; null where there is nothing to ask.
   */
  @Nullable BooleanSupplier streamOpen();

  /**
   * Has the container tell when the client resets the HTTP/2 stream, where it can be had to: on a
   * thread of its own, which must not be held up. It is still to be asked: not every reset is told.
   *
   * @return takes that back; null where there is nothing to take back, as nothing will be told
   */
  @Nullable Runnable onReset(Runnable told);

  /**
   * Whether the container knows that the whole connection is lost, and not one HTTP/2 stream only.
   * False where it cannot tell.
   */
  boolean isLost();

  /**
   * Whether the container knows that nothing can be read from or sent to the client any more: the
   * connection is lost, the stream was reset, or a read or write of it has failed. True where it
   * cannot tell.
   */
  boolean isBroken();

  /**
   * Whether the container reads nothing of the connection before it has answered, given that the
   * request's body has been read, so that what comes in stays there. False where it cannot tell.
   */
  boolean isAtRest();

  /** Whether nothing of the response has been sent. False where it cannot tell. */
  boolean isUnanswered();

  /** What is peculiar to the container in writing and ending the response. */
  Quirks quirks();
}
