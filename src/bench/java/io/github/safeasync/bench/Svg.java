package io.github.safeasync.bench;

import java.util.Locale;

/** A picture with a title. */
public final class Svg {

  private Svg() {}

  /** Puts what is drawn into a white picture of so many pixels, below its title. */
  public static String document(int width, int height, String title, CharSequence drawn) {
    return String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " font-family=\"sans-serif\" font-size=\"12\">\n"
                + "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
                + "<text x=\"10\" y=\"20\" font-weight=\"bold\">%s</text>\n",
            width,
            height,
            escaped(title))
        + drawn
        + "</svg>\n";
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
