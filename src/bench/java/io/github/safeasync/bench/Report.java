package io.github.safeasync.bench;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a benchmark has measured: a table, JSON, and a plot. Not thread-safe. */
final class Report {

  private static final List<String> HEADS =
      List.of("benchmark", "on", "what", "measured", "budget", "verdict", "remark");

  private final String benchmark;
  private final List<Row> rows = new ArrayList<>();

  Report(String benchmark) {
    this.benchmark = benchmark;
  }

  /** Adds a row. */
  void row(Object on, String what, Figure... figures) {
    rows.add(new Row(benchmark, String.valueOf(on), what, List.of(figures), ""));
  }

  /**
   * Adds a row.
   *
   * @param cause why it misses its budget, told only if it does
   */
  void rowOrElse(String cause, Object on, String what, Figure... figures) {
    boolean missed = Arrays.stream(figures).anyMatch(Figure::isMissed);
    rows.add(new Row(benchmark, String.valueOf(on), what, List.of(figures), missed ? cause : ""));
  }

  /** Adds a row that could not be measured. */
  void missing(Object on, String what, String why) {
    rows.add(new Row(benchmark, String.valueOf(on), what, List.of(), why));
  }

  void addAll(Report other) {
    rows.addAll(other.rows);
  }

  /** Hands it to the process that prints it. */
  void save(Path file) throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
      out.writeObject(new ArrayList<>(rows));
    }
  }

  static Report load(String benchmark, Path file) throws IOException {
    Report report = new Report(benchmark);
    try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(file))) {
      for (Object row : (List<?>) in.readObject()) {
        report.rows.add((Row) row);
      }
    } catch (ClassNotFoundException e) {
      throw new IOException(e);
    }
    return report;
  }

  /** The table, in Markdown, below a line on the machine. */
  String table(String machine) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADS);
    rows.forEach(row -> lines.add(row.cells()));
    int[] widths = new int[HEADS.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder(machine).append("\n\n");
    for (int at = 0; at < lines.size(); at++) {
      table.append('|');
      for (int i = 0; i < widths.length; i++) {
        String cell = lines.get(at).get(i);
        table.append(' ').append(cell).append(" ".repeat(widths[i] - cell.length())).append(" |");
      }
      table.append('\n');
      if (at == 0) {
        table.append('|');
        for (int width : widths) {
          table.append(' ').append("-".repeat(width)).append(" |");
        }
        table.append('\n');
      }
    }
    return table.toString();
  }

  String json(String machine) {
    StringBuilder json = new StringBuilder("{\n  \"machine\": ").append(quoted(machine));
    json.append(",\n  \"rows\": [");
    String comma = "\n";
    for (Row row : rows) {
      json.append(comma).append("    {\"benchmark\": ").append(quoted(row.benchmark()));
      json.append(", \"on\": ").append(quoted(row.on()));
      json.append(", \"what\": ").append(quoted(row.what()));
      json.append(", \"verdict\": ").append(quoted(row.verdict().name()));
      json.append(", \"remark\": ").append(quoted(row.remark())).append(", \"figures\": [");
      String next = "";
      for (Figure figure : row.figures()) {
        json.append(next).append("{\"name\": ").append(quoted(figure.name()));
        json.append(", \"value\": ").append(number(figure.value()));
        json.append(", \"unit\": ").append(quoted(figure.unit()));
        json.append(figure.atMost() ? ", \"atMost\": " : ", \"atLeast\": ");
        json.append(number(figure.limit())).append('}');
        next = ", ";
      }
      json.append("]}");
      comma = ",\n";
    }
    return json.append("\n  ]\n}\n").toString();
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "null";
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char each : text.toCharArray()) {
      if (each == '"' || each == '\\') {
        quoted.append('\\').append(each);
      } else if (each < ' ') {
        quoted.append(String.format("\\u%04x", (int) each));
      } else {
        quoted.append(each);
      }
    }
    return quoted.append('"').toString();
  }

  /** What a pending request costs by how many there are; null if that was not measured. */
  @Nullable String growth(String machine) {
    Growth growth = new Growth(machine, rows);
    return growth.isEmpty() ? null : growth.svg();
  }

  /** Each figure that has a budget, and how much of that it takes. */
  String svg(String machine) {
    return new Plot(machine, rows).svg();
  }
}
