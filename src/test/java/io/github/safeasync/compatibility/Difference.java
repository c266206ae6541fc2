package io.github.safeasync.compatibility;

import java.util.List;

/** Two texts, line by line, where they differ. */
final class Difference {

  private Difference() {}

  /** Returns the lines that only one has, each with the last that both have before it. */
  static String of(String without, String with) {
    List<String> left = without.lines().toList();
    List<String> right = with.lines().toList();
    int[][] common = new int[left.size() + 1][right.size() + 1];
    for (int i = left.size() - 1; i >= 0; i--) {
      for (int j = right.size() - 1; j >= 0; j--) {
        common[i][j] =
            left.get(i).equals(right.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    StringBuilder text = new StringBuilder();
    String last = "";
    for (int i = 0, j = 0; i < left.size() || j < right.size(); ) {
      if (i < left.size() && j < right.size() && left.get(i).equals(right.get(j))) {
        last = left.get(i);
        i++;
        j++;
      } else {
        boolean fromLeft =
            j == right.size() || (i < left.size() && common[i + 1][j] >= common[i][j + 1]);
        text.append(last.isEmpty() ? "" : "    after: " + last + "\n");
        last = "";
        text.append(fromLeft ? "  without: " + left.get(i++) : "     with: " + right.get(j++));
        text.append('\n');
      }
    }
    return text.toString();
  }
}
