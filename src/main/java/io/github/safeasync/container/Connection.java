package io.github.safeasync.container;

import jakarta.servlet.ServletOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
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

  /** The client's end of the connection itself, whatever a forwarding header says. */
  default @Nullable InetSocketAddress peer() {
    SocketChannel channel = channel();
    try {
      return channel != null && channel.getRemoteAddress() instanceof InetSocketAddress address
          ? address
          : null;
    } catch (IOException closed) {
      return null;
    }
  }

  /** The container's end of the connection itself. */
  default @Nullable InetSocketAddress local() {
    SocketChannel channel = channel();
    try {
      return channel != null && channel.getLocalAddress() instanceof InetSocketAddress address
          ? address
          : null;
    } catch (IOException closed) {
      return null;
    }
  }

  /** Whether other requests share the connection at the same time, as in HTTP/2. */
  boolean isMultiplexed();

  /** Whether the connection is encrypted, whatever a forwarding header says. */
  boolean isSecure();

  /**
   * The lock that has to be held around a write from an application thread, null where none has to.
   * Tomcat only (HTTP/1.1): a failing write on an application thread can otherwise poison a pooled
   * processor and so another connection's request.
   *
   * <p>Tomcat itself holds it while one of its threads is inside service() or a listener: taking it
   * waits for that, and no other lock may be held meanwhile.
   */
  @Nullable Lock writeLock();

  /**
   * Runs tasks on the thread that a response must be streamed on, at once if called there; null
   * where any thread may. Undertow only.
   */
  default @Nullable Executor streamThread() {
    return null;
  }

  /**
   * Whether a response that was streamed must be flushed, and ready once more, before it is
   * completed, as the container may otherwise keep its end for ever. Tomcat's HTTP/2 only.
   */
  default boolean needsFlushBeforeEnd() {
    return false;
  }

  /**
   * Whether the container never calls the WriteListener of a response to HEAD, and may never send
   * one that was not flushed. Tomcat's HTTP/2 only.
   */
  default boolean losesHeadResponses() {
    return false;
  }

  /**
   * Whether the container keeps a part of what was flushed until something else is written. On the
   * {@link #streamThread} only. Undertow's TLS only.
   */
  default boolean holdsBack() {
    return false;
  }

  /**
   * Has the stream's WriteListener called once more as soon as the client takes anything. On the
   * {@link #streamThread} only. Undertow only.
   *
   * @return false if there is no way
   */
  default boolean resumeWrites(ServletOutputStream stream) {
    return false;
  }

  /**
   * Answers false once the HTTP/2 stream or its connection is known to be gone, where the container
   * knows but does not tell; null where there is nothing to ask.
   */
  @Nullable BooleanSupplier streamOpen();

  /**
   * Whether the container knows that the whole connection is lost, and not one HTTP/2 stream only.
   * False where it cannot tell.
   */
  default boolean isLost() {
    SocketChannel channel = channel();
    return channel != null && !channel.isOpen();
  }

  /**
   * Whether the container has sent all of the response, so that there is nothing to cut off. False
   * where it cannot tell.
   */
  default boolean isResponseComplete() {
    return false;
  }

  /**
   * Ends the connection (HTTP/1.1) or the stream (HTTP/2) so that the client sees a truncated
   * response, and ends the exchange in the container. To be called with no lock held and no other
   * container call of the exchange in flight; afterwards the container must not be touched. May
   * wait for a container thread that is inside service(), see {@link #writeLock()}.
   *
   * <p>For the exceptional case: containers count the resets of one HTTP/2 connection, their own as
   * well, and close it when they look like an attack. A dozen in a row can be enough.
   *
   * @param complete completes the AsyncContext. Called at most once, on this thread, at the moment
   *     the container needs it; not at all where the abort ends the exchange by itself. What it
   *     throws is passed on.
   * @return false if there was no way, or the exchange has ended: nothing has been done and {@code
   *     complete} was not called
   */
  boolean abort(Runnable complete);
}
