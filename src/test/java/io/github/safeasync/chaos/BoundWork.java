package io.github.safeasync.chaos;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * G9: what is bound to an exchange is cancelled once, when the client has gone, and never after
 * another end. Thread-safe.
 */
final class BoundWork {

  private static final int COUNT = 10;
  private static final int PAUSE_MILLIS = 1_000;

  /** The machine may be busy with the storm. */
  private static final int MOST_LOOKS = 30;

  private final Entry entry;
  private final AtomicInteger closed = new AtomicInteger();
  private final List<CompletableFuture<Void>> futures = new ArrayList<>();

  private BoundWork(Entry entry) {
    this.entry = entry;
  }

  static void to(Entry entry, SafeAsyncResponse response) {
    BoundWork work = new BoundWork(entry);
    for (int i = 0; i < COUNT; i++) {
      response.cancelOnDisconnect((AutoCloseable) work.closed::incrementAndGet);
      CompletableFuture<Void> future = new CompletableFuture<>();
      work.futures.add(future);
      response.cancelOnDisconnect(future);
    }
    response.onEnd(end -> work.judgeLater(end, MOST_LOOKS));
  }

  private void judgeLater(End end, int looks) {
    entry.work().later(entry, PAUSE_MILLIS, () -> judge(end, looks - 1));
  }

  private void judge(End end, int looks) {
    int expected = end.kind() == End.Kind.DISCONNECTED ? COUNT : 0;
    long cancelled = futures.stream().filter(CompletableFuture::isCancelled).count();
    if (closed.get() == expected && cancelled == expected) {
      return;
    }
    if (closed.get() > expected || looks == 0) {
      entry.fault(Fault.CANCELLED_WRONGLY, end + ": closed " + closed + ", cancelled " + cancelled);
    } else {
      judgeLater(end, looks);
    }
  }
}
