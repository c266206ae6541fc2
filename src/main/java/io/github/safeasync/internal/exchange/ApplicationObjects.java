package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Outcome;
import io.github.safeasync.internal.body.Outbox;
import io.github.safeasync.internal.guard.ExchangeAccess;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What the application has of one exchange from its first {@link
 * io.github.safeasync.SafeAsyncResponse#of} on: the response with its body on the way out, the work
 * that goes with the client, and those who want to hear of the end. An exchange whose application
 * never asks has none of it.
 */
final class ApplicationObjects {

  private final AtomicBoolean published = new AtomicBoolean();
  private final EndListeners listeners;
  private final LazyStage<Outcome> outcome = new LazyStage<>();
  private final Cancellation cancellation;
  private final ResponseSink sink;
  private final ExchangeResponse response;

  ApplicationObjects(
      ExchangeAccess access,
      ResponseEnds ends,
      Lifecycle lifecycle,
      ContainerObjects container,
      FilterScope scope,
      Cancellation cancellation) {
    this.cancellation = cancellation;
    this.listeners = new EndListeners(access);
    this.sink = new ResponseSink(access, ends, lifecycle, container, scope);
    this.response = new ExchangeResponse(access, ends, lifecycle, container, scope, this);
  }

  ExchangeResponse response() {
    return response;
  }

  ResponseSink sink() {
    return sink;
  }

  Outbox outbox() {
    return sink.outbox();
  }

  EndListeners listeners() {
    return listeners;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  CompletionStage<End> end() {
    return cancellation.end();
  }

  CompletionStage<Outcome> outcome() {
    return outcome.stage();
  }

  /**
   * Lets whoever comes from now on know the end; waits for nothing, and runs no code of the
   * application.
   *
   * @return true to one thread, if somebody waits: {@link #tell} has to follow, by a thread that
   *     may run code of the application
   */
  boolean publish(End decided, Outcome known) {
    if (!published.compareAndSet(false, true)) {
      return false;
    }
    listeners.publish(decided);
    return !listeners.isEmpty() || cancellation.isAwaited(decided) || outcome.isAwaited(known);
  }

  /** Tells those who are waiting. Runs code of the application. */
  void tell(End decided, Outcome known) {
    listeners.runAll();
    cancellation.tell(decided);
    outcome.complete(known);
  }
}
