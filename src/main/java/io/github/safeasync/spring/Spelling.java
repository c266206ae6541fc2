package io.github.safeasync.spring;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;

/** What was meant by a name that there is not. */
final class Spelling {

  private Spelling() {}

  /** Returns the name that differs least. */
  static String nearest(String written, Collection<String> names) {
    return Collections.min(names, Comparator.comparingInt(name -> distance(written, name)));
  }

  /** Returns whether this may be a slip of that: one letter in three is wrong at most. */
  static boolean isNear(String written, String name) {
    return distance(written, name) <= name.length() / 3;
  }

  /** How many letters have to be changed, left out or put in (Levenshtein). */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[other.length()];
  }
}
