package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.Handle;
import io.github.safeasync.internal.Log;
import io.github.safeasync.internal.OneShot;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Those who want to hear of an exchange's end: each hears of it once, whatever races. Lock-free.
 *
 * <p>A listener is in the queue before its registration looks for an end, and the end is set before
 * the queue is walked, so one of the two sees the other; of an entry that both find one takes it.
 * One that comes after the end never gets into the queue: no thread but its own can take it, and it
 * has run when its registration returns.
 */
final class EndListeners {

  private final Queue<OneShot<Consumer<? super End>>> entries = new ConcurrentLinkedQueue<>();
  private final Object about;
  private volatile @Nullable End end;

  /**
   * Makes an empty one.
   *
   * @param about the exchange, for the log
   */
  EndListeners(Object about) {
    this.about = about;
  }

  /**
   * Registers a listener; if the end has come, the listener runs now, on the calling thread. Any
   * thread.
   */
  Handle add(Consumer<? super End> listener) {
    OneShot<Consumer<? super End>> entry = new OneShot<>(entries, listener);
    End before = end;
    if (before != null) {
      run(entry, before);
      return entry;
    }
    entries.add(entry);
    End meanwhile = end;
    if (meanwhile != null) {
      run(entry, meanwhile);
      entries.remove(entry);
    }
    return entry;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Publishes the end: later registrations run at once. Called once, by who decided the end. */
  void publish(End decided) {
    end = decided;
  }

  /** Runs, in the order of registration, all that have not run. Any thread, after publish. */
  void runAll() {
    End now = end;
    if (now == null) {
      throw new IllegalStateException("The end has not been published");
    }
    for (OneShot<Consumer<? super End>> entry;
        (entry = entries.peek()) != null;
        entries.remove(entry)) {
      run(entry, now);
    }
  }

  private void run(OneShot<Consumer<? super End>> entry, End end) {
    if (!entry.take()) {
      return;
    }
    try {
      entry.action().accept(end);
    } catch (Throwable failure) {
      Log.listenerFailed(about, failure);
    }
  }
}
