package io.github.safeasync.sse;

import io.github.safeasync.Registration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends events to many clients, each in the same order. A client that has gone, or for which more
 * waits than its response may have pending, is evicted: its stream is closed, and if it comes back
 * it is sent what it has missed, as far as the group remembers.
 *
 * <p>Thread-safe. Calls of different threads are put in one order and carried out by one of these
 * threads; none waits for another or for a client, unless the filter's {@code over-limit} is {@code
 * block}.
 */
public final class SseGroup {

  private final int remembered;
  private final Set<SseStream> streams = ConcurrentHashMap.newKeySet();
  private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();

  /** What may be replayed, oldest first. Belongs to the thread that carries out the calls. */
  private final Deque<SseEvent> history = new ArrayDeque<>();

  private SseGroup(int remembered) {
    this.remembered = remembered;
  }

  /** Makes a group that remembers nothing. */
  public static SseGroup create() {
    return new SseGroup(0);
  }

  /**
   * Makes a group that remembers its last events, for browsers that connect again.
   *
   * @param events how many events with an identifier; at least 1
   * @throws IllegalArgumentException if it is less than 1
   */
  public static SseGroup replaying(int events) {
    if (events < 1) {
      throw new IllegalArgumentException("events must be at least 1, not " + events);
    }
    return new SseGroup(events);
  }

  /**
   * Adds a client until it has gone. First it is sent what came after its {@link
   * SseStream#lastEventId}: all that is remembered if that event is forgotten, nothing if it names
   * none. No event is missed or sent twice in between.
   *
   * @return takes the client out again and leaves its stream open
   */
  public Registration add(SseStream stream) {
    Objects.requireNonNull(stream, "stream");
    carryOut(() -> join(stream));
    return () -> streams.remove(stream);
  }

  /** Sends an event to every client. */
  public void send(SseEvent event) {
    Objects.requireNonNull(event, "event");
    carryOut(() -> broadcast(event));
  }

  /** Answers how many clients there are. */
  public int size() {
    return streams.size();
  }

  /** Closes the stream of every client. */
  public void closeAll() {
    carryOut(() -> streams.forEach(this::evict));
  }

  /** Carries out a call, and those that came meanwhile, unless another thread is at it. */
  private void carryOut(Runnable call) {
    calls.add(call);
    if (waiting.getAndIncrement() != 0) {
      return;
    }
    do {
      Runnable next = calls.poll();
      if (next != null) {
        next.run();
      }
    } while (waiting.decrementAndGet() != 0);
  }

  private void join(SseStream stream) {
    stream.lastEventId().ifPresent(id -> replay(stream, id));
    streams.add(stream);
    stream.response().onEnd(end -> streams.remove(stream));
  }

  private void replay(SseStream stream, String id) {
    boolean known = history.stream().anyMatch(event -> isNamed(event, id));
    boolean missed = !known;
    for (SseEvent event : history) {
      if (missed) {
        stream.send(event);
      }
      missed |= isNamed(event, id);
    }
  }

  private static boolean isNamed(SseEvent event, String id) {
    return event.id().filter(id::equals).isPresent();
  }

  private void broadcast(SseEvent event) {
    if (remembered > 0 && event.id().isPresent()) {
      history.addLast(event);
      if (history.size() > remembered) {
        history.removeFirst();
      }
    }
    for (SseStream stream : streams) {
      if (!stream.response().isWritable() || !stream.send(event)) {
        evict(stream);
      }
    }
  }

  /** What still waits for the client is sent if it comes back to reading before write-timeout. */
  private void evict(SseStream stream) {
    streams.remove(stream);
    stream.close();
  }
}
