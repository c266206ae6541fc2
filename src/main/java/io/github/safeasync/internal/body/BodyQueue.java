package io.github.safeasync.internal.body;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Where any number of threads put items for one thread to take, in the order in which they were
 * put. A last item closes it: what came before is taken, and nothing is accepted after it, whatever
 * races. Lock-free: a stack that is turned over when it is taken.
 *
 * <pre>
 *          put: any item                put: a last item
 *   ┌──────┐ ──────► ┌──────────────┐ ──────► ┌────────────┐   takeAll   ┌────────┐
 *   │ null │         │ top: not last │         │ top: last  │ ──────────► │ CLOSED │
 *   └──────┘ ◄────── └──────────────┘         └────────────┘             └────────┘
 *           takeAll                        put: false                  put: false
 * </pre>
 */
final class BodyQueue {

  private record Node(@Nullable BodyItem item, @Nullable Node below) {

    boolean isLast() {
      return item == null || item.isLast();
    }
  }

  /** Stands for a last item that was taken. */
  private static final Node CLOSED = new Node(null, null);

  private static final AtomicReferenceFieldUpdater<BodyQueue, Node> TOP =
      AtomicReferenceFieldUpdater.newUpdater(BodyQueue.class, Node.class, "top");

  private volatile @Nullable Node top;

  /** Puts an item in; any thread. Returns false once closed. */
  boolean put(BodyItem item) {
    while (true) {
      Node now = top;
      if (now != null && now.isLast()) {
        return false;
      }
      if (TOP.compareAndSet(this, now, new Node(item, now))) {
        return true;
      }
    }
  }

  /** Takes all that was put in, oldest first; one thread at a time. */
  Collection<BodyItem> takeAll() {
    Node now = top;
    while (now != null && now.item != null) {
      if (TOP.compareAndSet(this, now, now.isLast() ? CLOSED : null)) {
        return oldestFirst(now);
      }
      now = top;
    }
    return List.of();
  }

  private static Collection<BodyItem> oldestFirst(Node newest) {
    Deque<BodyItem> turned = new ArrayDeque<>(1);
    for (Node node = newest; node != null && node.item != null; node = node.below) {
      turned.addFirst(node.item);
    }
    return turned;
  }

  boolean isEmpty() {
    Node now = top;
    return now == null || now.item == null;
  }

  boolean isClosed() {
    Node now = top;
    return now != null && now.isLast();
  }
}
