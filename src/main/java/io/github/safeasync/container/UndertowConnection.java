package io.github.safeasync.container;

import jakarta.servlet.ServletRequest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Undertow 2.3 with XNIO 3.8.
 *
 * <pre>
 * HttpServletRequestImpl.getExchange().getConnection()   a ServerConnection
 *   .getIoThread()                                       the XnioIoThread of the connection
 *   HttpServerConnection.getChannel()                    its StreamConnection
 *   Http2ServerConnection.channel                        Http2Channel, one a connection
 *     AbstractFramedChannel.getUnderlyingConnection()    its StreamConnection
 *   Http2ServerConnection.responseChannel                the stream
 * StreamConnection: UndertowSslConnection.delegate, proxy protocol's AddressWrappedConnection
 *   .delegate, JsseSslStreamConnection.connection; in the end
 *   NioSocketStreamConnection.conduit.getSocketChannel() the SocketChannel
 * </pre>
 */
final class UndertowConnection extends ReachedConnection {

  private static final int MOST_LAYERS = 8;

  private final Object connection;
  private final @Nullable Executor ioThread;

  private UndertowConnection(
      @Nullable SocketChannel channel, boolean multiplexed, boolean secure, Object connection) {
    super("Undertow", channel, multiplexed, secure);
    this.connection = connection;
    this.ioThread = Members.read(connection, "getIoThread()") instanceof Executor own ? own : null;
  }

  static @Nullable Connection behind(ServletRequest own) {
    Object connection = Members.walk(own, "getExchange()", "getConnection()");
    if (connection == null) {
      return null;
    }
    boolean multiplexed = Members.has(connection.getClass(), "responseChannel");
    Object stream =
        multiplexed
            ? Members.walk(connection, "channel", "getUnderlyingConnection()")
            : Members.read(connection, "getChannel()");
    // org.xnio.ssl.SslConnection; the exchange's own SSL information can come from a header
    boolean secure = stream != null && Members.has(stream.getClass(), "getSslSession()");
    Object at = stream;
    for (int layer = 0; layer < MOST_LAYERS && at != null; layer++) {
      Object channel = Members.walk(at, "conduit", "getSocketChannel()");
      if (channel instanceof SocketChannel reached) {
        return new UndertowConnection(reached, multiplexed, secure, connection);
      }
      Object inner = Members.read(at, "delegate");
      at = inner == null ? Members.read(at, "connection") : inner;
    }
    return new UndertowConnection(null, multiplexed, secure, connection);
  }

  /** An XnioIoThread is both the thread and the executor of its tasks. */
  @Override
  public @Nullable Executor writeThread() {
    return ioThread;
  }

  /** Http2Channel closes it at RST_STREAM and GOAWAY, and tells no AsyncListener. */
  @Override
  public @Nullable BooleanSupplier streamOpen() {
    Object stream = isMultiplexed() ? Members.read(connection, "responseChannel") : null;
    return stream == null ? null : () -> isOpen(stream) && isOpen(connection);
  }

  private static boolean isOpen(Object channel) {
    return !Boolean.FALSE.equals(Members.read(channel, "isOpen()"));
  }

  /**
   * HttpServerConnection.close() closes the connection, Http2ServerConnection.close() resets the
   * stream only.
   */
  @Override
  public boolean abort(Runnable complete) {
    if (!(connection instanceof Closeable closeable)) {
      return false;
    }
    try {
      closeable.close();
    } catch (IOException | RuntimeException | LinkageError unreachable) {
      return false;
    }
    complete.run();
    return true;
  }
}
