package io.github.safeasync.bench;

import java.util.List;
import java.util.Locale;

/** A bar for each figure with a budget: how much of it is taken, on a scale that ends at twice. */
final class Plot {

  private static final int LINE = 22;
  private static final int TOP = 60;
  private static final int LEFT = 470;
  private static final int BUDGET = 250;
  private static final int WIDTH = 1_120;

  private final String title;
  private final List<Row> rows;

  Plot(String title, List<Row> rows) {
    this.title = title;
    this.rows = rows;
  }

  String svg() {
    StringBuilder bars = new StringBuilder();
    int y = TOP;
    for (Row row : rows) {
      for (Figure figure : row.figures()) {
        if (figure.hasLimit()) {
          bar(bars, y, row, figure);
          y += LINE;
        }
      }
    }
    String legend =
        "<text x=\"10\" y=\"42\" fill=\"#555\">how much of its budget each figure takes;"
            + " the line is all of it</text>\n";
    String line =
        String.format(
            Locale.ROOT,
            "<line x1=\"%1$d\" x2=\"%1$d\" y1=\"%2$d\" y2=\"%3$d\" stroke=\"#333\"/>\n",
            LEFT + BUDGET,
            TOP - 6,
            y);
    return Svg.document(WIDTH, y + LINE, title, legend + bars + line);
  }

  private static void bar(StringBuilder bars, int y, Row row, Figure figure) {
    double share = Math.max(0, Math.min(2, figure.share()));
    bars.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>"
                + "<text x=\"%d\" y=\"%d\">%s (%s)</text>\n",
            LEFT - 8,
            y + 13,
            Svg.escaped(row.on() + ": " + row.what()),
            LEFT,
            y + 3,
            share * BUDGET,
            LINE - 8,
            figure.isMissed() ? "#c0392b" : "#2e7d4f",
            LEFT + 2 * BUDGET + 8,
            y + 13,
            Svg.escaped(figure.measured()),
            Svg.escaped(figure.budget())));
  }
}
