package io.github.safeasync.chaos;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The lines of a response, each of which says whose it is. */
final class Lines {

  private static final Pattern TOKEN = Pattern.compile("~([0-9a-f]{8})~");
  private static final String END = "end";

  /** What is in the file that belongs to no exchange. */
  static final String FILE = ("in a file" + "x".repeat(100) + "\n").repeat(1_000);

  private Lines() {}

  private static String token(int number) {
    return String.format("~%08x~", number);
  }

  static byte[] line(Plan plan, int at) {
    return line(plan, at + "x".repeat(plan.width()));
  }

  static byte[] last(Plan plan) {
    return line(plan, END);
  }

  private static byte[] line(Plan plan, String rest) {
    return (token(plan.number()) + rest + "\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The first token that is another exchange's; null if there is none. */
  static String foreign(Plan plan, String heard) {
    Matcher tokens = TOKEN.matcher(heard);
    String own = token(plan.number());
    while (tokens.find()) {
      if (!tokens.group().equals(own)) {
        return tokens.group();
      }
    }
    return null;
  }

  /** Whether all lines are there, in whatever order their threads have written them. */
  static boolean isWhole(Plan plan, String body) {
    if (plan.kind() == Kind.FILE) {
      return body.equals(FILE);
    }
    return body.contains(token(plan.number()) + END + "\n")
        && body.lines().filter(line -> line.contains(token(plan.number()))).count()
            >= plan.lines() + 1L
        && body.endsWith("\n");
  }
}
