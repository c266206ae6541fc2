package io.github.safeasync.doctor.client;

import java.io.PrintStream;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** What is going on: one line that changes on a terminal, otherwise a line each. */
final class Progress {

  private final PrintStream out;
  private final boolean terminal;
  private String shown = "";

  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void begins(HangUp way) {
    show(way.words() + ": a request is sent and abandoned …");
  }

  void waits(HangUp way, Duration since, Duration most) {
    if (since.toMillis() >= 500) {
      String so = terminal ? seconds(since.truncatedTo(ChronoUnit.SECONDS)) + " of " : "";
      show(
          way.words()
              + ": abandoned; waiting "
              + so
              + "up to "
              + seconds(most)
              + " for the server to notice …");
    }
  }

  void writes(HangUp way) {
    show(way.words() + ": not noticed; the server writes …");
  }

  /** Makes room for the result. */
  void clear() {
    if (terminal) {
      out.print("\r" + " ".repeat(shown.length()) + "\r");
      out.flush();
    }
    shown = "";
  }

  private void show(String line) {
    if (line.equals(shown)) {
      return;
    }
    if (terminal) {
      out.print("\r" + line + " ".repeat(Math.max(0, shown.length() - line.length())));
      out.flush();
    } else {
      out.println(line);
    }
    shown = line;
  }

  static String seconds(Duration time) {
    return time.toMillis() % 1000 == 0
        ? time.toSeconds() + " s"
        : String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
  }
}
