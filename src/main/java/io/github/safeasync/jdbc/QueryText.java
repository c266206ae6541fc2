package io.github.safeasync.jdbc;

import java.util.regex.Pattern;

/** What can be seen of a statement in its text. */
final class QueryText {

  private static final Pattern WRITES =
      Pattern.compile("\\b(INSERT|UPDATE|DELETE|MERGE)\\b", Pattern.CASE_INSENSITIVE);

  private QueryText() {}

  /** Whether a statement only reads. What writes inside a function that it calls is not seen. */
  static boolean isQuery(String sql) {
    int start = firstWord(sql, 0);
    return starts(sql, start, "SELECT")
        || starts(sql, start, "VALUES")
        || starts(sql, start, "TABLE")
        || starts(sql, start, "SHOW")
        || (starts(sql, start, "WITH") && !WRITES.matcher(sql).find(start));
  }

  private static boolean starts(String sql, int start, String word) {
    int end = start + word.length();
    return sql.regionMatches(true, start, word, 0, word.length())
        && (end == sql.length() || !Character.isJavaIdentifierPart(sql.charAt(end)));
  }

  /** Where the first word begins, behind space, parentheses and comments. */
  private static int firstWord(String sql, int from) {
    int at = from;
    while (at < sql.length()) {
      char c = sql.charAt(at);
      if (c <= ' ' || c == '(') {
        at++;
      } else if (sql.startsWith("--", at)) {
        at = after(sql, "\n", at);
      } else if (sql.startsWith("/*", at)) {
        at = after(sql, "*/", at + 2);
      } else {
        break;
      }
    }
    return at;
  }

  private static int after(String sql, String end, int from) {
    int found = sql.indexOf(end, from);
    return found < 0 ? sql.length() : found + end.length();
  }
}
