package io.github.safeasync.compatibility;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.EnumSet;
import java.util.Set;

/**
 * An application of one servlet and the stations it goes through. It is served at its name, with
 * the number of the play behind it.
 *
 * @param body what a client sends; empty for a GET
 */
record SmallApplication(
    String name, String contentType, String body, Set<Point> stations, Part part) {

  /** The servlet, for requests of all dispatcher types. */
  interface Part {
    void serve(Play play, HttpServletRequest in, HttpServletResponse out) throws Exception;
  }

  static SmallApplication get(String name, Part part, Point first, Point... more) {
    return new SmallApplication(name, "", "", EnumSet.of(first, more), part);
  }

  static SmallApplication post(String name, Part part, Point first, Point... more) {
    return new SmallApplication(
        name, "text/plain", "0123456789".repeat(300), EnumSet.of(first, more), part);
  }

  SmallApplication sending(String type, String content) {
    return new SmallApplication(name, type, content, stations, part);
  }

  boolean isPost() {
    return !body.isEmpty();
  }

  /** What of the body is sent before the client leaves. */
  String sentBefore(Point departure) {
    return switch (departure) {
      case BEFORE_BODY -> "";
      case IN_BODY -> body.substring(0, body.length() / 2);
      default -> body;
    };
  }
}
