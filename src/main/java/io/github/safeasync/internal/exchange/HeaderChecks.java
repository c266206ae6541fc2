package io.github.safeasync.internal.exchange;

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

  private static String codePoint(char c) {
    return String.format("U+%04X", (int) c);
  }
}
