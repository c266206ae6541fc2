package io.github.safeasync.chaos;

import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.sse.SseStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Applications that use SafeAsyncResponse. */
final class LibraryApplications {

  private static final int THREADS = 3;
  private static final Duration HEARTBEAT = Duration.ofMillis(10);

  private LibraryApplications() {}

  static void one(Entry entry, HttpServletRequest request, HttpServletResponse unused) {
    SafeAsyncResponse response = take(entry, request);
    later(
        entry,
        response,
        () -> {
          for (int i = 0; i < entry.plan().lines(); i++) {
            response.write(Lines.line(entry.plan(), i));
          }
          response.write(Lines.last(entry.plan()));
          finish(entry, response);
        });
  }

  /** Several threads write their share each, and the last one finishes. */
  static void threads(Entry entry, HttpServletRequest request, HttpServletResponse unused) {
    SafeAsyncResponse response = take(entry, request);
    AtomicInteger writing = new AtomicInteger(THREADS);
    for (int thread = 0; thread < THREADS; thread++) {
      int first = thread;
      later(
          entry,
          response,
          () -> {
            for (int i = first; i < entry.plan().lines(); i += THREADS) {
              response.write(Lines.line(entry.plan(), i));
              response.flush();
            }
            if (writing.decrementAndGet() == 0) {
              response.write(Lines.last(entry.plan()));
              finish(entry, response);
            }
          });
    }
  }

  static void events(Entry entry, HttpServletRequest request, HttpServletResponse unused) {
    SafeAsyncResponse response = take(entry, request);
    SseStream stream = SseStream.open(request);
    stream.heartbeat(HEARTBEAT);
    later(
        entry,
        response,
        () -> {
          for (int i = 0; i < entry.plan().lines(); i++) {
            stream.send(text(Lines.line(entry.plan(), i)));
          }
          stream.send(text(Lines.last(entry.plan())));
          finish(entry, response);
        });
  }

  private static String text(byte[] line) {
    return new String(line, StandardCharsets.ISO_8859_1).strip();
  }

  private static void later(Entry entry, SafeAsyncResponse response, Runnable callback) {
    entry.later(response.guard(callback)::run);
  }

  private static SafeAsyncResponse take(Entry entry, HttpServletRequest request) {
    SafeAsyncResponse response = SafeAsyncResponse.of(request);
    response.onEnd(end -> entry.ended(end.kind().name()));
    response.end().thenAccept(end -> entry.cleanedUp());
    Behaviour behaviour = entry.plan().behaviour();
    switch (behaviour) {
      case FROM_LISTENERS -> {
        response.onDisconnect(gone -> finish(entry, response));
        response.onEnd(end -> lateCalls(entry, response));
      }
      case REENTRANT -> {
        response.onWritable(() -> response.onWritable(response::flush));
        response.onEnd(end -> response.onEnd(again -> response.onDisconnect(gone -> {})));
      }
      case BLOCKS -> {
        response.onDisconnect(gone -> Late.block(entry));
        response.onEnd(end -> Late.block(entry));
      }
      case LATE ->
          response.onEnd(
              end ->
                  entry
                      .work()
                      .later(entry, Late.millis(entry.plan()), () -> lateCalls(entry, response)));
      case CANCELS -> BoundWork.to(entry, response);
      case PROPER, THROWS, TWICE, SILENT -> {}
    }
    return response;
  }

  private static void finish(Entry entry, SafeAsyncResponse response) {
    if (entry.plan().behaviour() == Behaviour.THROWS) {
      throw new Deliberate();
    }
    response.finish();
    if (entry.plan().behaviour() == Behaviour.TWICE) {
      response.finish();
      response.sendError(ServletApplications.ERROR);
    }
  }

  private static void lateCalls(Entry entry, SafeAsyncResponse response) {
    response.write(Lines.last(entry.plan()));
    response.flush();
    response.status(ServletApplications.ERROR).header("X-Late", "late");
    response.finish("late");
    response.sendError(ServletApplications.ERROR);
    response.redirect("/late");
    Work.attempt(entry, () -> response.outputStream().write(Lines.last(entry.plan())));
  }
}
