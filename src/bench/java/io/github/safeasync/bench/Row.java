package io.github.safeasync.bench;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A line of the report.
 *
 * @param on the container, or what else it was measured on
 * @param what was measured
 * @param figures none where it could not be measured
 * @param remark why not, where it could not be measured; the cause of a miss, if there is one
 */
record Row(String benchmark, String on, String what, List<Figure> figures, String remark)
    implements Serializable {

  enum Verdict {
    PASS,
    MISS,
    /** Nothing is demanded of it. */
    FOR_INFORMATION,
    MISSING;

    @Override
    public String toString() {
      return this == FOR_INFORMATION ? "–" : name().toLowerCase(Locale.ROOT);
    }
  }

  Verdict verdict() {
    if (figures.isEmpty()) {
      return Verdict.MISSING;
    } else if (figures.stream().anyMatch(Figure::isMissed)) {
      return Verdict.MISS;
    }
    return figures.stream().anyMatch(Figure::hasLimit) ? Verdict.PASS : Verdict.FOR_INFORMATION;
  }

  List<String> cells() {
    return List.of(
        benchmark,
        on,
        what,
        figures.stream().map(Figure::measured).collect(Collectors.joining(", ")),
        figures.stream().anyMatch(Figure::hasLimit)
            ? figures.stream().map(Figure::budget).collect(Collectors.joining(", "))
            : "",
        verdict().toString(),
        remark);
  }
}
