package io.github.safeasync.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

  private final Report report = new Report("speed");

  @Test
  void row_isAMiss_ifOneOfItsFiguresIs() {
    report.row("A", "both", Figure.of("p50", 2, "ms").atMost(2), Figure.of("x", 1, "").atLeast(1));
    report.rowOrElse("too slow", "A", "one", Figure.of("p50", 1, "ms").atMost(2), miss());
    report.rowOrElse("too slow", "A", "none", Figure.of("p50", 1, "ms"));
    report.missing("B", "all", "not installed");
    assertThat(report.table("2 cores").lines())
        .containsExactly(
            "2 cores",
            "",
            "| benchmark | on | what | measured             | budget       | verdict | remark        |",
            "| --------- | -- | ---- | -------------------- | ------------ | ------- | ------------- |",
            "| speed     | A  | both | p50 2 ms, x 1        | ≤ 2, ≥ 1     | pass    |               |",
            "| speed     | A  | one  | p50 1 ms, rate 0.970 | ≤ 2, ≥ 0.980 | miss    | too slow      |",
            "| speed     | A  | none | p50 1 ms             |              | –       |               |",
            "| speed     | B  | all  |                      |              | missing | not installed |");
  }

  private static Figure miss() {
    return Figure.of("rate", 0.97, "").atLeast(0.98);
  }

  @Test
  void figureThatIsNotANumber_isAMiss() {
    assertThat(Figure.of("p50", Double.NaN, "ms").atMost(1).isMissed()).isTrue();
    assertThat(Figure.of("p50", 1, "ms").atMost(Double.NaN).isMissed()).isFalse();
  }

  @Test
  void report_isWhatWasSaved(@TempDir Path folder) throws Exception {
    report.row("A", "all", miss());
    report.save(folder.resolve("rows"));
    assertThat(Report.load("speed", folder.resolve("rows")).table("")).isEqualTo(report.table(""));
  }

  @Test
  void json_holdsEachFigure() {
    report.row("A \"b\"", "all", miss(), Figure.of("p99", Double.NaN, "ms"));
    assertThat(report.json("2 cores"))
        .contains("\"machine\": \"2 cores\"", "\"on\": \"A \\\"b\\\"\"", "\"verdict\": \"MISS\"")
        .contains("\"value\": 0.9700", "\"atLeast\": 0.9800", "\"value\": null");
  }

  @Test
  void plot_hasABarForEachFigureWithABudget() {
    report.row("A & B", "all", miss(), Figure.of("p99", 1, "ms"));
    assertThat(report.svg("2 cores"))
        .startsWith("<svg")
        .endsWith("</svg>\n")
        .containsOnlyOnce("fill=\"#c0392b\"")
        .contains("A &amp; B: all");
  }
}
