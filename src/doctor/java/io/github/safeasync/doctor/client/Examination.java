package io.github.safeasync.doctor.client;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Abandons pending requests and asks what the server has heard of it. */
final class Examination {

  /** How long a request may take to arrive. */
  private static final Duration ARRIVAL = Duration.ofSeconds(10);

  /** How long it is pending before it is abandoned, so that the server watches its connection. */
  private static final Duration PENDING = Duration.ofMillis(300);

  private static final Duration PAUSE = Duration.ofMillis(20);

  /** How often a piece of a body is written, and how long that is tried. */
  private static final Duration BETWEEN_WRITES = Duration.ofMillis(150);

  private static final int WRITES = 20;

  private final Server server;
  private final Arguments arguments;
  private final Progress progress;

  Examination(Server server, Arguments arguments, Progress progress) {
    this.server = server;
    this.arguments = arguments;
    this.progress = progress;
  }

  /** Examines one way to leave. */
  Finding of(HangUp way) {
    if (way == HangUp.TLS_CLOSE && !arguments.isTls()) {
      return Finding.without(way, Verdict.NOT_APPLICABLE, "the address is not https");
    }
    if (way == HangUp.HTTP2_RESET && !server.isHttp2()) {
      return Finding.without(way, Verdict.NOT_APPLICABLE, "HTTP/2 is not spoken there");
    }
    progress.begins(way);
    String id = Server.newId();
    try (PendingRequest request = send(way, id)) {
      awaitArrival(request, id);
      String early = request.answerWithin(PENDING);
      if (!early.isEmpty()) {
        throw new Complaint("answered before it was abandoned: " + firstLine(early));
      }
      long left = System.nanoTime();
      request.abandon(way);
      return after(way, id, left);
    } catch (IOException e) {
      return Finding.without(way, Verdict.NOT_CHECKED, "the connection failed: " + e.getMessage());
    } catch (Complaint e) {
      return Finding.without(way, Verdict.NOT_CHECKED, e.getMessage());
    }
  }

  private PendingRequest send(HangUp way, String id) throws IOException {
    return way == HangUp.HTTP2_RESET
        ? Http2Request.send(server, id)
        : Http1Request.send(server, arguments, id);
  }

  private void awaitArrival(PendingRequest request, String id) throws IOException, Complaint {
    long start = System.nanoTime();
    while (!server.seen(id).is("PENDING")) {
      String early = request.answerWithin(PAUSE);
      if (!early.isEmpty()) {
        throw new Complaint("the request was answered at once: " + problemIn(early));
      }
      if (System.nanoTime() - start > ARRIVAL.toNanos()) {
        throw new Complaint(
            server.isSeveral()
                ? "the request was not found: several servers answer there; ask one of them"
                : "the request has not reached the server within " + ARRIVAL.toSeconds() + " s");
      }
    }
  }

  /** Asks until the server has noticed, at first with nothing written, then with more and more. */
  private Finding after(HangUp way, String id, long left) throws Complaint {
    Duration wait = arguments.patience();
    long due = left + wait.toNanos();
    while (System.nanoTime() < due) {
      long asked = System.nanoTime();
      Answer answer = server.seen(id);
      if (isEnded(answer)) {
        return found(way, answer, asked, left);
      }
      progress.waits(way, Duration.ofNanos(System.nanoTime() - left), wait);
      pause(PAUSE);
    }
    for (int i = 0; i < WRITES; i++) {
      progress.writes(way);
      long asked = System.nanoTime();
      Answer answer = server.write(id);
      if (isEnded(answer)) {
        return found(way, answer, asked, left);
      }
      pause(BETWEEN_WRITES);
    }
    server.release(id);
    return Finding.without(
        way, Verdict.HIDDEN, "not noticed within " + Progress.seconds(wait) + ", nor by writing");
  }

  private static boolean isEnded(Answer answer) {
    return !answer.is("PENDING") && !answer.is("UNKNOWN");
  }

  private static Finding found(HangUp way, Answer answer, long asked, long left) {
    if (!answer.is("DISCONNECTED")) {
      String how = answer.value("state").orElse("?");
      return Finding.without(
          way, Verdict.HIDDEN, "until the server ended the exchange by itself, " + how);
    }
    String evidence = answer.value("evidence").orElse("?");
    long written = answer.number("written");
    if (written > 0) {
      return Finding.without(
          way, Verdict.ONLY_ON_WRITE, "after " + written / 1024 + " KiB, as " + evidence);
    }
    // The clocks differ; the answer was made somewhere between the question and now.
    long between = asked + (System.nanoTime() - asked) / 2;
    long nanos = Math.max(0, between - answer.number("ago") - left);
    return new Finding(way, Verdict.PROPAGATES, Math.round(nanos / 1e6), "as " + evidence);
  }

  private static String problemIn(String early) {
    int at = early.indexOf("problem: ");
    return firstLine(at < 0 ? early : early.substring(at + "problem: ".length()));
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("").replaceAll("\\p{Cntrl}", "");
  }

  private static void pause(Duration time) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(time.toMillis()));
  }
}
