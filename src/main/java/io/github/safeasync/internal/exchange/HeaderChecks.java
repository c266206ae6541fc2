package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Visible;
import jakarta.servlet.http.Cookie;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a head may hold: its status and its fields. */
final class HeaderChecks {

  /** Framing, routing, payload and what answers a request's conditions. */
  private static final Set<String> NOT_AFTER_THE_BODY =
      Set.of(
          "age",
          "cache-control",
          "connection",
          "content-encoding",
          "content-length",
          "content-range",
          "content-type",
          "date",
          "expires",
          "location",
          "retry-after",
          "set-cookie",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "vary",
          "www-authenticate");

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
    requireEach(
        name,
        HeaderChecks::isOfToken,
        c -> "A header's name must not contain the character " + c + ": " + Visible.of(name));
    return name;
  }

  /**
   * Checks a header's value: the octets that RFC 9110 section 5.5 allows. Of a character beyond
   * them Undertow sends the lower octet, which for U+010A is a line feed.
   */
  static String headerValue(String name, String value) {
    requireEach(
        value,
        c -> c == '\t' || (c >= ' ' && c <= 0xff && c != 0x7f),
        c -> "The value of the header " + name + " must not contain the character " + c);
    return value;
  }

  /** Checks a trailer's name: it must not be needed before the body (RFC 9110 section 6.5.1). */
  static String trailerName(String name) {
    headerName(name);
    if (NOT_AFTER_THE_BODY.contains(name.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          name + " must not be a trailer, as it is needed before the body: use header");
    }
    return name;
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
    requireEach(
        location,
        c -> isVisible(c) && "\"<>\\^`{|}".indexOf(c) < 0,
        c -> "A location must not contain the character " + c + ": encode it");
  }

  /** Checks what the Servlet API leaves to the container, which would refuse it too late. */
  static Cookie cookie(Cookie cookie) {
    String value = cookie.getValue();
    if (value != null) {
      requireEach(
          unquoted(value),
          c -> isVisible(c) && "\",;\\".indexOf(c) < 0,
          c ->
              "The value of the cookie "
                  + cookie.getName()
                  + " must not contain the character "
                  + c
                  + ": encode it");
    }
    cookie.getAttributes().forEach((name, given) -> cookieAttribute(cookie, name, given));
    return cookie;
  }

  private static String unquoted(String value) {
    int last = value.length() - 1;
    boolean quoted = last > 0 && value.charAt(0) == '"' && value.charAt(last) == '"';
    return quoted ? value.substring(1, last) : value;
  }

  private static void cookieAttribute(Cookie cookie, String name, @Nullable String value) {
    if (value != null) {
      requireEach(
          value,
          c -> (c == ' ' || isVisible(c)) && c != ';',
          c ->
              "The "
                  + name.toLowerCase(Locale.ROOT)
                  + " of the cookie "
                  + cookie.getName()
                  + " must not contain the character "
                  + c);
    }
  }

  private static boolean isOfToken(int c) {
    boolean alphanumeric = c < 128 && Character.isLetterOrDigit(c);
    return alphanumeric || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  private static boolean isVisible(int c) {
    return c > ' ' && c < 0x7f;
  }

  private static void requireEach(
      String text, IntPredicate allowed, UnaryOperator<String> message) {
    for (int i = 0; i < text.length(); i++) {
      int c = text.charAt(i);
      if (!allowed.test(c)) {
        throw new IllegalArgumentException(message.apply(String.format("U+%04X", c)));
      }
    }
  }
}
