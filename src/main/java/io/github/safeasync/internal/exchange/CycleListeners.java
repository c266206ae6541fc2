package io.github.safeasync.internal.exchange;

import io.github.safeasync.internal.Attempt;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.body.Turn;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The application's AsyncListeners of one cycle. The container knows none of them: it tells its
 * events to the {@link AsyncCycle}, and the library its own, and both come here. Each listener
 * hears of a timeout, of a fault, then of the completion, each once at most and in the order of
 * registration; one that is registered late catches up. No lock is held while they run.
 *
 * <p>One thread at a time tells, the one that has the {@link Turn}; a thread that comes with an
 * event while another one tells leaves it there.
 */
final class CycleListeners {

  enum Kind {
    TIMEOUT,
    ERROR,
    START_ASYNC,
    COMPLETE
  }

  private record Event(Kind kind, @Nullable Throwable failure, @Nullable AsyncContext next) {

    static Event of(Kind kind, @Nullable Throwable failure, @Nullable AsyncContext next) {
      boolean plain = kind == Kind.COMPLETE && failure == null && next == null;
      return plain ? PLAIN_COMPLETION : new Event(kind, failure, next);
    }
  }

  /** All that most requests have to tell. */
  private static final Event PLAIN_COMPLETION = new Event(Kind.COMPLETE, null, null);

  private static final class Entry {
    private final AsyncListener listener;
    private final @Nullable ServletRequest request;
    private final @Nullable ServletResponse response;
    // Touched by the thread that has the turn.
    private int told;

    Entry(
        AsyncListener listener,
        @Nullable ServletRequest request,
        @Nullable ServletResponse response) {
      this.listener = listener;
      this.request = request;
      this.response = response;
    }
  }

  @SuppressWarnings("rawtypes")
  private static final AtomicReferenceFieldUpdater<CycleListeners, List> ENTRIES =
      AtomicReferenceFieldUpdater.newUpdater(CycleListeners.class, List.class, "entries");

  @SuppressWarnings("rawtypes")
  private static final AtomicReferenceFieldUpdater<CycleListeners, Queue> NEWS =
      AtomicReferenceFieldUpdater.newUpdater(CycleListeners.class, Queue.class, "news");

  private final AsyncContext context;
  private final Predicate<Throwable> ofDeparture;
  private final Turn turn = new Turn();

  /** What was left to be told; null until something is. */
  private volatile @Nullable Queue<Runnable> news;

  private volatile List<Entry> entries = List.of();

  // Replaced by the thread that has the turn.
  private volatile List<Event> history = List.of();

  private volatile boolean completed;

  /**
   * Makes an empty one.
   *
   * @param ofDeparture whether what a listener throws is what its container throws of a lost client
   */
  CycleListeners(AsyncContext context, Predicate<Throwable> ofDeparture) {
    this.context = context;
    this.ofDeparture = ofDeparture;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Whether the completion has been told, or is being told. */
  boolean isCompleted() {
    return completed;
  }

  void add(
      AsyncListener listener,
      @Nullable ServletRequest request,
      @Nullable ServletResponse response) {
    Entry added = new Entry(Objects.requireNonNull(listener, "listener"), request, response);
    List<Entry> before;
    do {
      before = entries;
    } while (!ENTRIES.compareAndSet(this, before, with(before, added)));
    Queue<Runnable> left = news;
    if (!history.isEmpty() || (left != null && !left.isEmpty())) {
      drain();
    }
  }

  private static <T> List<T> with(List<T> before, T next) {
    if (before.isEmpty()) {
      return List.of(next);
    }
    List<T> all = new ArrayList<>(before);
    all.add(next);
    return List.copyOf(all);
  }

  /** Tells an event, on the calling thread unless another one is telling. */
  void tell(Kind kind, @Nullable Throwable failure, @Nullable AsyncContext next) {
    Event event = Event.of(kind, failure, next);
    if (turn.take()) {
      tellInTurn(event);
    } else {
      leave(() -> happened(event));
      drain();
    }
  }

  /** Leaves an event, to be told before all that come later. Any thread. */
  void leave(Kind kind, @Nullable Throwable failure, @Nullable AsyncContext next) {
    Event event = Event.of(kind, failure, next);
    leave(() -> happened(event));
  }

  /** Leaves another callback of the request's, which overlaps none of these. Any thread. */
  void leave(Runnable callback) {
    if (news == null) {
      boolean unused = NEWS.compareAndSet(this, null, new ConcurrentLinkedQueue<>());
    }
    Objects.requireNonNull(news).add(callback);
  }

  private @Nullable Runnable next() {
    Queue<Runnable> left = news;
    return left == null ? null : left.poll();
  }

  /** Tells what was left, on the calling thread unless another one is telling. */
  void drain() {
    if (turn.take()) {
      tellInTurn(null);
    }
  }

  /** Tells what was left, and then an event, if any. By the thread that has the turn. */
  private void tellInTurn(@Nullable Event event) {
    tellLeft();
    if (event != null) {
      attempt(() -> happened(event));
    }
    while (!turn.leave()) {
      tellLeft();
    }
  }

  private void tellLeft() {
    attempt(this::catchUp);
    for (Runnable next; (next = next()) != null; ) {
      attempt(next);
    }
  }

  /** The turn is not lost by what one of them throws. */
  private void attempt(Runnable step) {
    Attempt.to(context, "tell a listener", step);
  }

  private void happened(Event event) {
    if (isNew(event.kind)) {
      completed = event.kind == Kind.COMPLETE;
      history = with(history, event);
      catchUp();
    }
  }

  /** After the completion nothing happens any more, and everything is told once. */
  private boolean isNew(Kind kind) {
    for (int i = 0; i < history.size(); i++) {
      if (history.get(i).kind == kind) {
        return false;
      }
    }
    return !completed;
  }

  private void catchUp() {
    for (int i = 0; i < history.size(); i++) {
      List<Entry> now = entries;
      for (int k = 0; k < now.size(); k++) {
        Entry entry = now.get(k);
        if (entry.told == i) {
          entry.told = i + 1;
          run(entry, history.get(i));
        }
      }
    }
  }

  private void run(Entry entry, Event told) {
    AsyncContext of = told.next == null ? context : told.next;
    AsyncEvent event = new AsyncEvent(of, entry.request, entry.response, told.failure);
    try {
      switch (told.kind) {
        case TIMEOUT -> entry.listener.onTimeout(event);
        case ERROR -> entry.listener.onError(event);
        case START_ASYNC -> entry.listener.onStartAsync(event);
        case COMPLETE -> entry.listener.onComplete(event);
      }
    } catch (Throwable failure) {
      Log.asyncListenerFailed(told.kind, context, failure, ofDeparture.test(failure));
    }
  }
}
