package io.github.safeasync.chaos;

import io.github.safeasync.bench.Svg;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How a figure has gone over the time of a run, and whether it has grown. Not thread-safe. */
final class Course {

  /** What containers and the JVM make once, and compile, has been made by then. */
  private static final double BEGINNING = 0.25;

  private static final int WIDTH = 720;
  private static final int LEFT = 90;
  static final int HEIGHT = 150;
  private static final int BASE = 110;

  private final String name;
  private final String unit;
  private final double slack;
  private final List<double[]> points = new ArrayList<>();

  /**
   * Makes an empty one.
   *
   * @param slack by how much it may differ that is of no growth
   */
  Course(String name, String unit, double slack) {
    this.name = name;
    this.unit = unit;
    this.slack = slack;
  }

  void add(double minutes, double value) {
    points.add(new double[] {minutes, value});
  }

  /** By how much the last third is above the first one, each at its median. */
  double growth() {
    List<double[]> settled = points.subList((int) (points.size() * BEGINNING), points.size());
    int third = Math.max(1, settled.size() / 3);
    return median(settled.subList(settled.size() - third, settled.size()))
        - median(settled.subList(0, third));
  }

  /** A tenth more is none either. */
  boolean isFlat() {
    return growth() <= slack + median(points) / 10;
  }

  private static double median(List<double[]> of) {
    double[] sorted = of.stream().mapToDouble(point -> point[1]).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private double most() {
    return points.stream().mapToDouble(point -> point[1]).max().orElse(0);
  }

  /** The curve, from zero, as a group of SVG at a height. */
  String svg(int y) {
    double last = Math.max(1e-9, points.get(points.size() - 1)[0]);
    double top = Math.max(1e-9, most());
    StringBuilder line = new StringBuilder();
    for (double[] point : points) {
      line.append(
          String.format(
              Locale.ROOT,
              "%.1f,%.1f ",
              LEFT + point[0] / last * WIDTH,
              BASE - point[1] / top * (BASE - 30)));
    }
    return String.format(
        Locale.ROOT,
        "<g transform=\"translate(0 %d)\"><text x=\"10\" y=\"18\">%s</text>"
            + "<text x=\"%d\" y=\"34\" text-anchor=\"end\">%.4g</text>"
            + "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>"
            + "<path d=\"M%d 30V%dH%d\" fill=\"none\" stroke=\"#999\"/>"
            + "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.1f min</text>"
            + "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/></g>\n",
        y,
        this,
        LEFT - 6,
        top,
        LEFT - 6,
        BASE,
        LEFT,
        BASE,
        LEFT + WIDTH,
        LEFT + WIDTH,
        BASE + 14,
        last,
        line.toString().strip(),
        isFlat() ? "#2e7d4f" : "#c0392b");
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %.4g %s at the median, %+.4g from the first third to the last, %s",
        name,
        median(points),
        unit,
        growth(),
        isFlat() ? "flat" : "GROWING");
  }

  /** All of them, one below another. */
  static String plot(String title, List<Course> courses) {
    StringBuilder svg = new StringBuilder();
    for (int i = 0; i < courses.size(); i++) {
      svg.append(courses.get(i).svg(30 + i * HEIGHT));
    }
    return Svg.document(LEFT + WIDTH + 20, 30 + HEIGHT * courses.size(), title, svg);
  }
}
