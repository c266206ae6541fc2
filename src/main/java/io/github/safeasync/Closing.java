package io.github.safeasync;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * What follows a decided end, each step by the one thread that claims it from the {@link
 * Lifecycle}: the application's own AsyncListeners hear of it, the container's side is closed once
 * nothing is inside, and the listeners hear of the completion.
 */
final class Closing {

  /** How long the container may take to tell of a completion. */
  private static final Duration COMPLETION_WAIT = Duration.ofSeconds(1);

  private final Exchange exchange;
  private final Lifecycle lifecycle;
  private volatile @Nullable GuardedWriteListener writeListener;
  private volatile @Nullable Future<?> completionDue;
  private volatile Remembered remembered = Remembered.NOTHING;

  private volatile boolean rememberedEnd;

  /** The thread that runs AsyncListeners while the container's objects are still this request's. */
  private volatile @Nullable Thread listening;

  Closing(Exchange exchange) {
    this.exchange = exchange;
    this.lifecycle = exchange.lifecycle();
  }

  /** What the request was, once the container has its objects back. */
  Remembered remembered() {
    return remembered;
  }

  /**
   * Takes what will be known of the request; while the container's objects are certainly this
   * request's still. Of those that do after the end the first counts: Undertow clears the request
   * before it tells of the completion.
   */
  void remember() {
    if (rememberedEnd) {
      return;
    }
    boolean ended = !exchange.isLive();
    @Nullable Remembered now = exchange.side().remember(isHeard(exchange.cycles().current()));
    if (now != null) {
      remembered = now;
      rememberedEnd = ended;
    }
  }

  private static boolean isHeard(@Nullable Cycle cycle) {
    return cycle != null && !cycle.listeners().isEmpty();
  }

  boolean isInListener() {
    return listening == Thread.currentThread();
  }

  /** Keeps a WriteListener, to be told of the hang-up; has it told if that has been told. */
  void listens(GuardedWriteListener listener) {
    writeListener = listener;
    if (isDisconnected(lifecycle.decidedEnd()) && lifecycle.phase() != Lifecycle.Phase.ENDED) {
      tellLate(listener);
    }
  }

  /** Tells a WriteListener of the end that the container was not given any more. */
  void listensLate(GuardedWriteListener listener) {
    if (isDisconnected(lifecycle.decidedEnd())) {
      listens(listener);
    } else {
      tellLate(listener);
    }
  }

  private void tellLate(GuardedWriteListener listener) {
    exchange.exchanges().execute(() -> listener.onError(exchange.endedException()));
  }

  private static boolean isDisconnected(@Nullable End decided) {
    return decided != null && decided.kind() == End.Kind.DISCONNECTED;
  }

  /** Tells the application's own listeners, before the container is completed. */
  void tell() {
    End decided = lifecycle.claimTell();
    if (decided == null) {
      return;
    }
    try {
      GuardedWriteListener writing = writeListener;
      if (writing != null && isDisconnected(decided)) {
        tell(writing, decided);
      }
      Cycle now = exchange.cycles().current();
      // Of its own failures the container tells.
      if (now != null && (isDisconnected(decided) || !lifecycle.containerCompletes())) {
        Attempt.to("tell the AsyncListeners", () -> tell(now, decided));
      }
    } finally {
      lifecycle.told();
    }
  }

  private void tell(GuardedWriteListener writing, End decided) {
    try {
      writing.onError(exchange.disconnectedException());
    } catch (Throwable failure) {
      Log.listenerFailed(decided, failure);
    }
  }

  private void tell(Cycle now, End decided) {
    switch (decided.kind()) {
      case COMPLETED -> {}
      case TIMED_OUT -> tell(now, CycleListeners.Kind.TIMEOUT, null);
      case DISCONNECTED -> tell(now, CycleListeners.Kind.ERROR, exchange.disconnectedException());
      case FAILED -> tell(now, CycleListeners.Kind.ERROR, decided.cause().orElse(null));
      case SHUT_DOWN ->
          tell(
              now,
              CycleListeners.Kind.ERROR,
              new IllegalStateException("The application is being stopped"));
    }
  }

  /** Tells the listeners of a cycle, which may ask the container's objects meanwhile. */
  void tell(Cycle of, CycleListeners.Kind kind, @Nullable Throwable failure) {
    Thread before = listening;
    listening = Thread.currentThread();
    try {
      of.listeners().tell(kind, failure, null);
    } finally {
      listening = before;
    }
  }

  /**
   * Closes the container's side, if the end is decided, nothing is inside and nobody else does. On
   * Tomcat under its lock, which comes before the claim: a container's thread that has the lock
   * waits for whoever has claimed, and would recycle what is about to be completed.
   */
  void close() {
    Lock lock = exchange.side().writeLock();
    if (!lifecycle.isClosable()) {
      return;
    }
    if (lock == null) {
      closeAlone();
    } else if (lock.tryLock()) {
      closeUnder(lock);
    } else {
      exchange
          .exchanges()
          .execute(
              () -> {
                lock.lock();
                closeUnder(lock);
              });
    }
  }

  private void closeUnder(Lock held) {
    try {
      closeAlone();
    } finally {
      held.unlock();
    }
  }

  private void closeAlone() {
    End decided = lifecycle.claimClose();
    if (decided == null) {
      return;
    }
    Cycle last = exchange.cycles().current();
    boolean heard = isHeard(last);
    ContainerSide side = exchange.side();
    // Its objects may be another request's already where the container completes by itself.
    if (!lifecycle.containerCompletes()) {
      Attempt.to("remember a request", this::remember);
      Attempt.to(
          "close a request in the container",
          () -> side.close(decided, exchange.exchanges().config().timeoutStatus()));
    }
    side.forget();
    lifecycle.closed();
    Attempt.to("let go of a response", exchange::closed);
    if (last != null && heard) {
      tellCompletion(last, decided);
    }
  }

  /**
   * Sees that the completion is told. Of what the application has completed the container tells,
   * and its objects are still there then; but on Tomcat it does not after a reset that was noticed
   * by nobody, and on Jetty not after an error, so it is told in any case. After a hang-up nobody
   * waits for the container.
   */
  private void tellCompletion(Cycle of, End decided) {
    Exchanges exchanges = exchange.exchanges();
    Runnable tell = () -> of.listeners().tell(CycleListeners.Kind.COMPLETE, null, null);
    if (!lifecycle.containerCompletes() && decided.kind() != End.Kind.COMPLETED) {
      exchanges.execute(tell);
    } else if (!of.listeners().isCompleted()) {
      completionDue = exchanges.schedule(() -> exchanges.execute(tell), COMPLETION_WAIT);
    }
  }

  /** The container tells of the completion. */
  void completed(Cycle of, @Nullable Throwable failure) {
    tell(of, CycleListeners.Kind.COMPLETE, failure);
    Future<?> due = completionDue;
    if (due != null) {
      due.cancel(false);
    }
  }
}
