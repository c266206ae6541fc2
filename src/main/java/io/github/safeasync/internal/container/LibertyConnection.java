package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Open Liberty, whose connections are those of its channel framework.
 *
 * <pre>
 * SRTServletRequest.getIRequest()          IRequestImpl
 *   .getHttpInboundConnection()            HttpDispatcherLink
 *     .getTCPConnectionContext()           TCPConnLink, or in front of it
 *       .deviceServiceContext                SSLConnectionLink: the TCPConnLink
 *       .muxLink.getDeviceLink()             H2TCPConnectionContext: either
 *       .muxLink.streamTable, .streamID      H2TCPConnectionContext: the H2StreamProcessor
 *     .getSocketIOChannel().channel        the SocketChannel
 * </pre>
 *
 * Its transport of Netty has no such channel.
 */
final class LibertyConnection extends ReachedConnection {

  private static final int MOST_LAYERS = 4;

  private static final String READS = "channelSelectorRead";

  private final Object socket;
  private final @Nullable Object stream;

  private LibertyConnection(
      SocketChannel channel,
      boolean multiplexed,
      boolean secure,
      Object socket,
      @Nullable Object stream) {
    super("Open Liberty", channel, multiplexed, secure);
    this.socket = socket;
    this.stream = stream;
  }

  static @Nullable Connection behind(ServletRequest own) {
    Object at =
        Members.walk(
            own, "getIRequest()", "getHttpInboundConnection()", "getTCPConnectionContext()");
    boolean multiplexed = false;
    boolean secure = false;
    Object stream = null;
    for (int layer = 0; layer < MOST_LAYERS && at != null; layer++) {
      Object socket = Members.read(at, "getSocketIOChannel()");
      if (socket != null && Members.read(socket, "channel") instanceof SocketChannel reached) {
        return new LibertyConnection(reached, multiplexed, secure, socket, stream);
      }
      Object encrypted = Members.read(at, "deviceServiceContext");
      Object shared = Members.walk(at, "muxLink", "getDeviceLink()");
      if (shared != null) {
        multiplexed = true;
        stream = stream(at);
      }
      secure |= encrypted != null;
      at = encrypted == null ? shared : encrypted;
    }
    return null;
  }

  private static @Nullable Object stream(Object context) {
    Object id = Members.read(context, "streamID");
    return id != null && Members.walk(context, "muxLink", "streamTable") instanceof Map<?, ?> known
        ? known.get(id)
        : null;
  }

  @Override
  public @Nullable BooleanSupplier streamOpen() {
    Object own = stream;
    return own == null ? null : () -> !isReset(own) && !isLost();
  }

  /** Whichever side's frame has closed the stream is its last. */
  private static boolean isReset(Object stream) {
    return "CLOSED".equals(String.valueOf(Members.read(stream, "state")))
        && "RST_STREAM"
            .equals(String.valueOf(Members.walk(stream, "currentFrame", "getFrameType()")))
        && Boolean.FALSE.equals(Members.read(stream, "rstStreamSent"));
  }

  /** SocketRWChannelSelector takes its interest back as it tells what it has waited for. */
  @Override
  public boolean isAtRest() {
    SocketChannel own = channel();
    return !isMultiplexed()
        && own != null
        && Members.has(socket.getClass(), READS)
        && !isAwaited(own, Members.walk(socket, READS, "selector"));
  }

  private static boolean isAwaited(SocketChannel channel, @Nullable Object by) {
    SelectionKey key = by instanceof Selector selector ? channel.keyFor(selector) : null;
    return key != null && key.isValid() && (key.interestOps() & SelectionKey.OP_READ) != 0;
  }
}
