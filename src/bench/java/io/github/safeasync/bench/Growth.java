package io.github.safeasync.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a pending request costs, by how many there are: a panel for each figure, a curve for each
 * container. Flat is good.
 */
final class Growth {

  /** A figure of {@link PendingBenchmark}, and how it becomes that of one request. */
  private record Panel(String figure, String title, double factor, boolean each) {

    double of(double value, int count) {
      return each ? value * factor / count : value * factor;
    }
  }

  private static final List<Panel> PANELS =
      List.of(
          new Panel("heap", "heap beyond the bare one, bytes a request", 1, false),
          new Panel("watching", "registering and arming, µs of CPU a request", 1e3, true),
          new Panel("idle", "watching, nanoseconds of CPU a request and second", 1e7, true),
          new Panel(
              "last told after",
              "killed at once: until the last is told, µs a request",
              1e3,
              true));

  private static final Pattern COUNT = Pattern.compile("(\\d+) pending.*");
  private static final List<String> COLOURS =
      List.of("#2e7d4f", "#c0392b", "#2c5aa0", "#8e44ad", "#b7791f");

  private static final int WIDTH = 460;
  private static final int HEIGHT = 240;
  private static final int LEFT = 60;
  private static final int TOP = 70;
  private static final int ROOM = 60;
  private static final double LEAST = 2;
  private static final double MOST = 5;

  private final String title;
  private final List<Row> rows;

  Growth(String title, List<Row> rows) {
    this.title = title;
    this.rows =
        rows.stream()
            .filter(row -> row.benchmark().equals(Benchmark.PENDING.toString()))
            .filter(row -> COUNT.matcher(row.what()).matches())
            .toList();
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  String svg() {
    StringBuilder svg = new StringBuilder();
    for (int i = 0; i < PANELS.size(); i++) {
      int x = LEFT + i % 2 * (WIDTH + ROOM);
      int y = TOP + i / 2 * (HEIGHT + 2 * ROOM);
      panel(svg, PANELS.get(i), x, y);
    }
    return Svg.document(LEFT + 2 * (WIDTH + ROOM), TOP + 2 * (HEIGHT + 2 * ROOM), title, svg);
  }

  private record Point(int count, double value) {}

  private void panel(StringBuilder svg, Panel panel, int x, int y) {
    Set<String> servers = new LinkedHashSet<>();
    rows.forEach(row -> servers.add(row.on()));
    double highest = 0;
    for (String on : servers) {
      for (Point point : points(panel, on)) {
        highest = Math.max(highest, point.value);
      }
    }
    text(svg, x, y - 10, panel.title, "#000");
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n",
            x,
            y,
            WIDTH,
            HEIGHT));
    text(svg, x - 50, y + 10, String.format(Locale.ROOT, "%.3g", highest), "#555");
    text(svg, x - 50, y + HEIGHT, "0", "#555");
    for (int power = (int) LEAST; power <= MOST; power++) {
      int count = (int) Math.pow(10, power);
      text(svg, at(x, count) - 10, y + HEIGHT + 16, Integer.toString(count), "#555");
    }
    int colour = 0;
    for (String on : servers) {
      String stroke = COLOURS.get(colour % COLOURS.size());
      StringBuilder curve = new StringBuilder();
      for (Point point : points(panel, on)) {
        double share = highest > 0 ? Math.max(0, point.value / highest) : 0;
        curve.append(
            String.format(
                Locale.ROOT, "%d,%.1f ", at(x, point.count), y + HEIGHT - share * HEIGHT));
      }
      svg.append(
          String.format(
              "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n",
              curve.toString().strip(), stroke));
      text(svg, x + 8, y + 16 + 16 * colour++, on, stroke);
    }
  }

  private List<Point> points(Panel panel, String on) {
    List<Point> points = new ArrayList<>();
    for (Row row : rows) {
      Matcher matcher = COUNT.matcher(row.what());
      if (row.on().equals(on) && matcher.matches()) {
        int count = Integer.parseInt(matcher.group(1));
        row.figures().stream()
            .filter(figure -> figure.name().equals(panel.figure))
            .filter(figure -> Double.isFinite(figure.value()))
            .forEach(figure -> points.add(new Point(count, panel.of(figure.value(), count))));
      }
    }
    return points;
  }

  private static int at(int x, int count) {
    return x + (int) ((Math.log10(count) - LEAST) / (MOST - LEAST) * WIDTH);
  }

  private static void text(StringBuilder svg, int x, int y, String text, String colour) {
    svg.append(
        String.format(
            "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", x, y, colour, Svg.escaped(text)));
  }
}
