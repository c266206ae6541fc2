package io.github.safeasync.sse;

import io.github.safeasync.Handle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends events to many clients, to each in the same order. A client that has gone, or for which
 * more waits than its response may have pending, is evicted: its stream is closed, and if it
 * connects again it is sent what it has missed, as far as the group remembers.
 *
 * <p>Thread-safe. Calls of different threads are put in one order and carried out by one of these
 * threads; none waits for another or for a client, unless the filter's {@code over-limit} is {@code
 * block}.
 *
 * @since 0.1.0
 */
public final class SseGroup {

  private final int remembered;
  private final Map<SseStream, Member> members = new ConcurrentHashMap<>();
  private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();

  /** What may be replayed, oldest first. Belongs to the thread that carries out the calls. */
  private final Deque<SseMessage> history = new ArrayDeque<>();

  /** A client from when it is added until it has gone, or was taken out; then it is no more. */
  private final class Member implements Handle {

    private final SseStream stream;
    private final Handle end;
    private final AtomicBoolean out = new AtomicBoolean();

    Member(SseStream stream) {
      this.stream = stream;
      this.end = stream.response().onEnd(ended -> leave());
    }

    /** It may be taken out before the call that adds it is carried out, or while it is. */
    void join() {
      if (out.get() || members.putIfAbsent(stream, this) != null) {
        return;
      }
      stream.lastEventId().ifPresent(id -> replay(this, id));
      if (out.get()) {
        members.remove(stream, this);
      }
    }

    @Override
    public boolean remove() {
      end.remove();
      return leave();
    }

    private boolean leave() {
      boolean left = out.compareAndSet(false, true);
      members.remove(stream, this);
      return left;
    }
  }

  private SseGroup(int remembered) {
    this.remembered = remembered;
  }

  /**
   * Returns a group that remembers nothing.
   *
   * @return a new group without clients
   */
  public static SseGroup create() {
    return new SseGroup(0);
  }

  /**
   * Returns a group that remembers its last events, for browsers that connect again.
   *
   * @param events how many events with an identifier it remembers, at least 1
   * @return a new group without clients
   * @throws IllegalArgumentException if the number is less than 1
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
   * none. No event is missed or sent twice in between. A stream that is in the group already stays
   * there as it was added first.
   *
   * @param stream the client's stream
   * @return a handle that takes the client out again and leaves its stream open
   * @throws NullPointerException if the stream is null
   */
  public Handle add(SseStream stream) {
    Member member = new Member(Objects.requireNonNull(stream, "stream"));
    carryOut(member::join);
    return member;
  }

  /**
   * Sends a message to every client. An event with an identifier is remembered, as far as the group
   * remembers any.
   *
   * @param event the event or comment
   * @throws NullPointerException if the message is null
   */
  public void send(SseMessage event) {
    Objects.requireNonNull(event, "event");
    carryOut(() -> broadcast(event));
  }

  /**
   * Returns how many clients are in the group.
   *
   * @return the number at this moment
   */
  public int size() {
    return members.size();
  }

  /** Takes every client out and closes its stream. Clients can be added afterwards. */
  public void closeAll() {
    carryOut(() -> members.values().forEach(SseGroup::evict));
  }

  /**
   * Carries out a call, and those that came meanwhile, unless another thread is at it. What a call
   * throws, a lack of memory for example, is not the end of the group.
   */
  private void carryOut(Runnable call) {
    calls.add(call);
    if (waiting.getAndIncrement() != 0) {
      return;
    }
    Throwable thrown = null;
    do {
      try {
        calls.remove().run();
      } catch (RuntimeException | Error e) {
        thrown = e;
      }
    } while (waiting.decrementAndGet() != 0);
    if (thrown instanceof Error error) {
      throw error;
    } else if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** By the thread that carries out the calls, as {@link #broadcast}. */
  private void replay(Member member, String id) {
    boolean known = history.stream().anyMatch(event -> isNamed(event, id));
    boolean missed = !known;
    for (SseMessage event : history) {
      if (missed && !member.stream.send(event)) {
        // It comes back and is sent the rest; later events must not hide that some are missing.
        evict(member);
        return;
      }
      missed |= isNamed(event, id);
    }
  }

  private static boolean isNamed(SseMessage event, String id) {
    return event.id().filter(id::equals).isPresent();
  }

  private void broadcast(SseMessage event) {
    if (remembered > 0 && event.id().isPresent()) {
      history.addLast(event);
      if (history.size() > remembered) {
        history.removeFirst();
      }
    }
    for (Member member : members.values()) {
      if (!member.stream.response().isWritable() || !member.stream.send(event)) {
        evict(member);
      }
    }
  }

  /** What still waits for the client is sent if it comes back to reading before write-timeout. */
  private static void evict(Member member) {
    member.remove();
    member.stream.close();
  }
}
