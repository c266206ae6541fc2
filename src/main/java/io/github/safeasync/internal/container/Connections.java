package io.github.safeasync.internal.container;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Finds the {@link Connection} behind a request. Thread-safe. */
public final class Connections {

  private static final Connection UNKNOWN = new ReachedConnection("unknown", null, false, false);

  private static final Logger LOGGER = System.getLogger(Connections.class.getPackageName());

  /** The containers of which it was said, by their names: seven at most. */
  private static final Set<String> UNREACHABLE = ConcurrentHashMap.newKeySet();

  private Connections() {}

  /**
   * Returns the connection behind a request as the container, a filter or a dispatch handed it out.
   * Never throws. Where the channel cannot be reached, the addresses are those that the request
   * tells, if any.
   *
   * <p>To be called while the exchange is alive. Costs a fraction of a microsecond once warm.
   */
  public static Connection behind(ServletRequest request) {
    Connection found = UNKNOWN;
    try {
      ServletRequest own = unwrapped(request);
      if (own != null) {
        Connection reached = reached(own);
        found = reached == null ? UNKNOWN : reached;
        if (found.channel() == null) {
          unreachable(own, found);
          return AddressedConnection.of(own, reached);
        }
      }
    } catch (RuntimeException | LinkageError unreachable) {
      // What was found until then is what there is.
    }
    return found;
  }

  private static void unreachable(ServletRequest own, Connection found) {
    if (UNREACHABLE.add(found.container())) {
      LOGGER.log(
          Level.INFO,
          "A {0} has no channel that can be reached (container: {1}): disconnects are looked for by"
              + " its addresses, in the kernel''s table",
          own.getClass().getName(),
          found.container());
    }
  }

  /** The container's own request; dispatches wrap it as well as filters do. */
  private static @Nullable ServletRequest unwrapped(ServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      inner = wrapper.getRequest();
    }
    return inner;
  }

  private static @Nullable Connection reached(ServletRequest own) {
    String type = own.getClass().getName();
    if (type.startsWith("org.apache.catalina.")) {
      Connection grizzly = GrizzlyConnection.behind(own);
      return grizzly == null ? TomcatConnection.behind(own) : grizzly;
    } else if (type.startsWith("org.eclipse.jetty.")) {
      return JettyConnection.behind(own);
    } else if (type.startsWith("io.undertow.")) {
      Connection undertow = UndertowConnection.behind(own);
      return undertow == null ? VertxConnection.behind(own) : undertow;
    } else if (Members.has(own.getClass(), "getIRequest()")) {
      return LibertyConnection.behind(own);
    }
    return null;
  }
}
