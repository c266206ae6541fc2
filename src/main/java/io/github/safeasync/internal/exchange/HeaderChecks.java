package io.github.safeasync.internal.exchange;

import jakarta.servlet.http.Cookie;
import org.jspecify.annotations.Nullable;

/** What a head may hold: its status and its fields. */
final class HeaderChecks {

  private HeaderChecks() {}

  static int status(int status) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException(
          "A response status is a number from 200 to 599, not " + status);
    }
    return status;
  }

  /** Checks a header's name: an HTTP token (RFC 9110 section 5.6.2). */
  static String headerName(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("A header's name must not be empty");
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean alphanumeric = c < 128 && Character.isLetterOrDigit(c);
      if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
        throw new IllegalArgumentException(
            "A header's name must not contain the character " + codePoint(c) + ": " + name);
      }
    }
    return name;
  }

  /** Checks a header's value: no character that would end or split it (RFC 9110 section 5.5). */
  static String headerValue(String name, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\r' || c == '\n' || c == 0) {
        throw new IllegalArgumentException(
            "The value of the header " + name + " must not contain the character " + codePoint(c));
      }
    }
    return value;
  }

  static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  static void redirectStatus(int status) {
    if (!isRedirect(status)) {
      throw new IllegalArgumentException(
          "A redirect's status is 301, 302, 303, 307 or 308, not " + status);
    }
  }

  /** Checks that a location has the characters of a URI reference alone (RFC 3986 section 2). */
  static void location(String location) {
    if (location.isEmpty()) {
      throw new IllegalArgumentException("A location must not be empty");
    }
    for (int i = 0; i < location.length(); i++) {
      char c = location.charAt(i);
      if (c <= ' ' || c >= 0x7f || "\"<>\\^`{|}".indexOf(c) >= 0) {
        throw new IllegalArgumentException(
            "A location must not contain the character " + codePoint(c) + ": encode it");
      }
    }
  }

  /** Checks what the Servlet API leaves to the container, which would refuse it too late. */
  static Cookie cookie(Cookie cookie) {
    String value = cookie.getValue();
    if (value != null) {
      int length = value.length();
      boolean quoted = length > 1 && value.charAt(0) == '"' && value.charAt(length - 1) == '"';
      for (int i = quoted ? 1 : 0; i < (quoted ? length - 1 : length); i++) {
        char c = value.charAt(i);
        if (c <= ' ' || c >= 0x7f || "\",;\\".indexOf(c) >= 0) {
          throw new IllegalArgumentException(
              "The value of the cookie "
                  + cookie.getName()
                  + " must not contain the character "
                  + codePoint(c)
                  + ": encode it");
        }
      }
    }
    cookieAttribute(cookie, "path", cookie.getPath());
    cookieAttribute(cookie, "domain", cookie.getDomain());
    return cookie;
  }

  private static void cookieAttribute(Cookie cookie, String name, @Nullable String value) {
    for (int i = 0; value != null && i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' || c >= 0x7f || c == ';') {
        throw new IllegalArgumentException(
            "The "
                + name
                + " of the cookie "
                + cookie.getName()
                + " must not contain the character "
                + codePoint(c));
      }
    }
  }

  private static String codePoint(char c) {
    return String.format("U+%04X", (int) c);
  }
}
