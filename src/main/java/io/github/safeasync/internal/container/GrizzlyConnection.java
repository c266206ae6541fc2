package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * GlassFish 7 and Payara 6, whose connector is Grizzly.
 *
 * <pre>
 * RequestFacade.getUnwrappedCoyoteRequest()          connector.Request
 *   .getCoyoteRequest(), GlassFish: .getGrizzlyRequest()   http.server.Request
 *     .getRequest()                                  HttpRequestPacket, of HTTP/2 an Http2Request
 *       .getConnection()                             TCPNIOConnection
 *         .getChannel()                              the SocketChannel
 *       .getHttp2Stream()                            Http2Stream
 * </pre>
 */
final class GrizzlyConnection extends ReachedConnection {

  private final ServletRequest facade;
  private final Object request;
  private final Object packet;
  private final @Nullable Object connection;
  private final @Nullable Object stream;

  private GrizzlyConnection(
      @Nullable SocketChannel channel,
      boolean secure,
      ServletRequest facade,
      Object request,
      Object packet,
      @Nullable Object connection,
      @Nullable Object stream) {
    super("Grizzly", channel, stream != null, secure);
    this.facade = facade;
    this.request = request;
    this.packet = packet;
    this.connection = connection;
    this.stream = stream;
  }

  /** Null where the connector is not Grizzly. */
  static @Nullable Connection behind(ServletRequest own) {
    Object request = request(own);
    Object packet = Members.read(request, "getRequest()");
    if (request == null || packet == null) {
      return null;
    }
    Object connection = Members.read(packet, "getConnection()");
    return new GrizzlyConnection(
        Members.read(connection, "getChannel()") instanceof SocketChannel reached ? reached : null,
        Boolean.TRUE.equals(Members.read(packet, "isSecure()")),
        own,
        request,
        packet,
        connection,
        Members.read(packet, "getHttp2Stream()"));
  }

  private static @Nullable Object request(ServletRequest own) {
    Object connector = Members.read(own, "getUnwrappedCoyoteRequest()");
    Object ofGlassFish = Members.read(connector, "getGrizzlyRequest()");
    Object found =
        ofGlassFish == null ? Members.read(connector, "getCoyoteRequest()") : ofGlassFish;
    return found != null && found.getClass().getName().startsWith("org.glassfish.grizzly.")
        ? found
        : null;
  }

  /** Http2Stream keeps who has closed it: its own end as well, with the last byte of a response. */
  @Override
  public @Nullable BooleanSupplier streamOpen() {
    Object own = stream;
    return own == null ? null : () -> !isReset(own) && !isLost();
  }

  private static boolean isReset(Object stream) {
    Object by = Members.walk(stream, "closeReason", "getType()");
    return "REMOTELY".equals(String.valueOf(by));
  }

  /**
   * A request that is suspended leaves the selector without interest, unless its body is being
   * read.
   */
  @Override
  public boolean isAtRest() {
    return !isMultiplexed()
        && Members.read(connection, "getSelectionKey()") instanceof SelectionKey key
        && key.isValid()
        && (key.interestOps() & SelectionKey.OP_READ) == 0
        && !isOver();
  }

  @Override
  public boolean isUnanswered() {
    return Boolean.FALSE.equals(Members.walk(request, "getResponse()", "isCommitted()"))
        && !isOver();
  }

  /**
   * Both are used again, the packet perhaps for the connection's next request: that is not seen.
   */
  @Override
  public boolean isOver() {
    return request(facade) != request || Members.read(request, "getRequest()") != packet;
  }

  @Override
  void close(SocketChannel own) throws IOException {
    if (connection == null || !Members.call(connection, "terminateSilently")) {
      super.close(own);
    }
  }

  /** TCPNIOTransport closes the channel; what is completed after that is thrown away. */
  @Override
  public boolean abort(Runnable complete) {
    if (isMultiplexed() || isOver()) {
      return false;
    }
    reset();
    complete.run();
    return true;
  }
}
