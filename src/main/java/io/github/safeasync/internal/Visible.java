package io.github.safeasync.internal;

/** Text that somebody else has chosen, as a line of a log or a message may show it. */
public final class Visible {

  /** Longer ones are cut. */
  private static final int LONGEST = 500;

  private Visible() {}

  /**
   * Returns a text in which nothing ends a line or moves a terminal's cursor: such characters are
   * written as in Java's source. What is very long is cut.
   */
  public static String of(String text) {
    int end = Math.min(text.length(), LONGEST);
    for (int i = 0; i < end; i++) {
      if (!isPlain(text.charAt(i))) {
        return escaped(text, end);
      }
    }
    return end == text.length() ? text : text.substring(0, end) + "…";
  }

  /** Returns a character as {@link #of(String)} does. */
  public static String of(char character) {
    return of(String.valueOf(character));
  }

  private static String escaped(String text, int end) {
    StringBuilder visible = new StringBuilder(text.length() + 16);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> visible.append("\\n");
        case '\r' -> visible.append("\\r");
        case '\t' -> visible.append("\\t");
        default -> {
          if (isPlain(c)) {
            visible.append(c);
          } else {
            visible.append(String.format("\\u%04x", (int) c));
          }
        }
      }
    }
    return end == text.length() ? visible.toString() : visible.append('…').toString();
  }

  /** Whether it is none of control, of format (which may turn the direction), or a line's end. */
  private static boolean isPlain(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
