package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.container.Quirks;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The last touch of the container's side of an exchange: as the end has it, that is completed,
 * answered with an error, left or cut off. By the one thread that has claimed it, with nothing
 * inside.
 */
final class LastTouch implements Runnable {

  /** When a container's thread has closed what was aborted; the second where it is busy. */
  private static final List<Duration> CLOSE_MOMENTS =
      List.of(Duration.ofMillis(20), Duration.ofMillis(200));

  private final Object about;
  private final FilterScope scope;
  private final ContainerObjects container;
  private final End end;
  private final boolean thrown;
  private final @Nullable ResponseHead head;

  /**
   * Makes that of an exchange.
   *
   * @param about the exchange, for the log
   * @param thrown whether it ended by an exception through the filter, which an outer one may have
   *     answered
   * @param head the head of the library's response; null if nobody has taken it
   */
  LastTouch(
      Object about,
      FilterScope scope,
      ContainerObjects container,
      End end,
      boolean thrown,
      @Nullable ResponseHead head) {
    this.about = about;
    this.scope = scope;
    this.container = container;
    this.end = end;
    this.thrown = thrown;
    this.head = head;
  }

  @Override
  public void run() {
    Quirks now = container.quirks();
    if (container.isAborted() || (now != null && now.isOver())) {
      return;
    }
    boolean done = false;
    try {
      closeAsEnded();
      done = true;
    } finally {
      if (!done) {
        // Whatever was thrown, an answer that is cut short is better than one that never comes.
        complete();
      }
    }
  }

  private void closeAsEnded() {
    switch (end.kind()) {
      case COMPLETED -> {
        if (container.isCut()) {
          leave();
        } else {
          complete();
        }
      }
      case DISCONNECTED -> {
        container.tellLogs(end, true);
        leave();
      }
      case TIMED_OUT -> refuse(scope.config().timeoutStatus());
      case SHUT_DOWN -> refuse(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
      case FAILED -> {
        if (container.isHeadRefused() || (thrown && isAnswered())) {
          complete();
        } else {
          refuse(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
        }
      }
    }
  }

  /** Whether somebody else has said that it failed, or has sent something at all. */
  private boolean isAnswered() {
    HttpServletResponse response = container.response();
    return response.isCommitted() || response.getStatus() >= HttpServletResponse.SC_BAD_REQUEST;
  }

  private void complete() {
    AsyncContext now = container.context();
    if (now != null) {
      container.complete(now);
    }
  }

  /** As {@link ContainerObjects#complete}, where nobody is to hear of an Error but the log. */
  private void completeAnyhow(AsyncContext context) {
    try {
      container.complete(context);
    } catch (Error failure) {
      Log.stepFailed(about, "close a request in the container", failure);
      container.complete(context);
    }
  }

  /**
   * Ends what nobody reads. HTTP/1.1: without another write, which would fail and be logged. On
   * HTTP/2 a stream that is gone costs no write, and containers count resets as an attack; but see
   * {@link Quirks#streamCloseLock}.
   */
  private void leave() {
    boolean completes =
        container.isHttp2() && (container.closeLock() == null || !container.isStreamed());
    if (completes || !isEndedBy(Quirks::leave)) {
      completeStream();
    }
  }

  private void completeStream() {
    AsyncContext completed = container.context();
    Executor streamThread = container.streamThread();
    if (streamThread == null || completed == null) {
      complete();
    } else {
      streamThread.execute(() -> completeAnyhow(completed));
    }
  }

  /** Answers with an error, or cuts the response off where a part of it has been sent. */
  private void refuse(int status) {
    HttpServletResponse response = container.response();
    if (response.isCommitted()) {
      if (!isEndedBy(Quirks::abort)) {
        if (!isResponseComplete()) {
          Log.notAborted(about, container.connection());
        }
        complete();
      }
      return;
    }
    AsyncContext completed = container.context();
    Executor streamThread = container.streamThread();
    if (streamThread == null || completed == null || hasErrorPage(status)) {
      answer(response, status);
      complete();
    } else {
      // Completed elsewhere again: a container may read the rest of the request there.
      streamThread.execute(
          () -> {
            Attempt.to(about, "answer a request", () -> answer(response, status));
            scope.settle(about, () -> completeAnyhow(completed));
          });
    }
  }

  private void answer(HttpServletResponse response, int status) {
    try {
      container.commitErrorTo(response, head);
      response.sendError(status);
    } catch (IOException | RuntimeException e) {
      Log.refused(about, "an answer of " + status, e);
    }
  }

  private boolean hasErrorPage(int status) {
    Quirks now = container.quirks();
    return now == null || now.hasErrorPage(status);
  }

  private boolean isResponseComplete() {
    Quirks now = container.quirks();
    return now != null && now.isResponseComplete();
  }

  private boolean isEndedBy(BiPredicate<Quirks, Runnable> way) {
    Quirks now = container.quirks();
    AsyncContext completed = container.context();
    if (now == null || completed == null || !way.test(now, () -> completeAnyhow(completed))) {
      return false;
    }
    for (Duration moment : CLOSE_MOMENTS) {
      Future<?> unused = scope.schedule(about, now::hastenClose, moment);
    }
    return true;
  }
}
