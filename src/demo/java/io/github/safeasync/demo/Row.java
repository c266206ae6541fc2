package io.github.safeasync.demo;

import io.github.safeasync.Departure;
import io.github.safeasync.End;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One exchange as the page shows it, from its begin to its end and to that of its work. */
final class Row {

  private final Board board;
  private final long number;
  private final String kind;
  private final @Nullable String tag;
  private final String method;
  private final String path;
  private final long plannedMillis;
  private final long begun = System.nanoTime();

  private @Nullable End end;
  private String work = "";
  private long savedMillis;

  Row(Board board, long number, String kind, HttpServletRequest request, Duration planned) {
    this.board = board;
    this.number = number;
    this.kind = kind;
    this.tag = Tags.of(request);
    this.method = request.getMethod();
    this.path = request.getRequestURI();
    this.plannedMillis = planned.toMillis();
  }

  /** Returns what tells lines of the log apart, such as {@code #3}. */
  String name() {
    return "#" + number;
  }

  boolean isTagged(String asked) {
    return asked.equals(tag);
  }

  boolean hasEnded() {
    return ended() != null;
  }

  private synchronized @Nullable End ended() {
    return end;
  }

  /** The exchange has ended; its work may go on. */
  void ended(End how) {
    synchronized (this) {
      end = how;
    }
    board.tell(this);
  }

  /** The work was stopped before its time. */
  void stopped(String how) {
    long saved;
    synchronized (this) {
      work = how;
      saved = Math.max(0, plannedMillis - ageMillis());
      savedMillis = saved;
    }
    board.save(saved);
    board.tell(this);
  }

  /** Something is to be said of the work. */
  void say(String what) {
    synchronized (this) {
      work = what;
    }
    board.tell(this);
  }

  long ageMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
  }

  synchronized Json toJson() {
    Json json =
        new Json()
            .put("number", number)
            .put("kind", kind)
            .put("tag", tag)
            .put("method", method)
            .put("path", path)
            .put("age", ageMillis())
            .put("planned", plannedMillis)
            .put("work", work)
            .put("saved", savedMillis);
    if (end != null) {
      json.put("end", end.kind()).put("after", end.after().toMillis());
      end.departure().ifPresent(gone -> put(json, gone));
    }
    return json;
  }

  private static void put(Json json, Departure gone) {
    json.put("evidence", gone.evidence()).put("noticedBy", gone.noticedBy());
  }
}
