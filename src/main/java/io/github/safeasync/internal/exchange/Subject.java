package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.FlightRecords;
import io.github.safeasync.internal.Visible;
import io.github.safeasync.internal.container.Connection;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What an exchange is about, for people: taken while the container's objects are certainly its own.
 * Nothing that a user has entered but the path, as it came.
 *
 * @param number one that no other exchange of the filter has
 * @param path without the query
 * @param peer the connection's own; null if it could not be reached
 */
record Subject(long number, String method, String path, @Nullable InetSocketAddress peer) {

  /** Returns that of a request; null if the container has it back. */
  static Subject of(
      long number,
      String method,
      @Nullable HttpServletRequest request,
      @Nullable Connection connection) {
    String path = request == null ? null : request.getRequestURI();
    return new Subject(
        number, method, path == null ? "?" : path, connection == null ? null : connection.peer());
  }

  /** Returns that of a request that cannot be asked any more. */
  static Subject unknown(String method) {
    return new Subject(0, method, "?", null);
  }

  /** Returns a part of a line, such as {@code exchange 17 (GET /search of 127.0.0.1:4711)}. */
  @Override
  public String toString() {
    return "exchange "
        + (number == 0 ? "?" : number)
        + (" (" + Visible.of(method) + " " + Visible.of(path))
        + (peer == null ? ")" : " of " + address(peer) + ")");
  }

  FlightRecords.About forFlightRecorder() {
    return new FlightRecords.About(number, method, path);
  }

  private static String address(InetSocketAddress of) {
    InetAddress known = of.getAddress();
    String host = known == null ? of.getHostString() : known.getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + of.getPort();
  }
}
