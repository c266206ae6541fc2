package io.github.safeasync;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The way of a response's body out: any thread puts items in, one thread at a time hands them to
 * the container in order, and no thread ever waits for another or for the client.
 *
 * <p>Items are pushed on a lock-free stack whose last item, a finish or an error, closes it: what
 * is accepted before that goes out, and nothing is accepted after it, whatever races. Whoever
 * pushes takes the {@link Turn} or leaves a note for the thread that has it. The body is held back
 * until it is worth committing the response: a whole body that fits the container's buffer is
 * written in one go; any other is streamed, write by write as the container says that it is ready.
 *
 * <p>No servlet types: the container is a {@link Sink}.
 */
final class Outbox {

  /** The container, as the outbox sees it. Called by the thread that has the turn alone. */
  interface Sink {

    /**
     * Runs the work of one turn, in which the other calls are made: at once, or on the thread that
     * the container wants it on.
     */
    void work(Runnable turn);

    /** Runs a task on a thread that holds no lock of the application. */
    void execute(Runnable task);

    /** Enters the container; false if the exchange has ended. */
    boolean enter();

    /** Leaves the container. */
    void exit();

    /** Answers how many bytes may be written in one go without a look at {@link #isReady}. */
    int wholeLimit();

    /** Commits nothing yet, but hands over status and headers, before a body in one go. */
    void startWhole() throws IOException;

    /** Hands over status and headers and asks for a call of {@link #writable} when ready. */
    void startStream() throws IOException;

    /** Answers whether a write would not block; if not, {@link #writable} will be called. */
    boolean isReady();

    void write(byte[] bytes, int offset, int length) throws IOException;

    void flush() throws IOException;

    /** Sends an error in place of a body of which nothing was handed over. */
    void sendError(int status, @Nullable String message) throws IOException;

    /** Everything was handed over. Called outside enter and exit. */
    void finished();

    /** The body cannot be completed: an error came after a part of it. Outside enter and exit. */
    void truncated(int status, @Nullable String message);

    /** A call of the container failed. Called outside enter and exit. */
    void failed(Throwable failure);
  }

  private sealed interface Item {}

  private record Chunk(ByteBuffer bytes) implements Item {}

  private record Flush(CompletableFuture<Boolean> done) implements Item {}

  private record Finish(@Nullable ByteBuffer bytes) implements Item {}

  private record Failure(int status, @Nullable String message) implements Item {}

  /** Stands on the stack when the last item has been taken from it. */
  private record Closed() implements Item {}

  private record Node(Item item, @Nullable Node below) {

    boolean isLast() {
      return item instanceof Finish || item instanceof Failure || item instanceof Closed;
    }
  }

  private static final Node CLOSED = new Node(new Closed(), null);

  /** Small chunks are put together to writes of this many bytes. */
  private static final int COALESCED = 16 * 1024;

  private enum Stage {
    /** Nothing was handed over: the body is held back. */
    HELD,
    /** The response is handed over write by write. */
    STREAMING,
    /** The last item was dealt with, or the exchange has ended. */
    OVER
  }

  private enum Progress {
    /** Go on with the next step. */
    MORE,
    /** Nothing to do before the next item or call of {@link #writable}. */
    WAIT,
    /** The body went out. */
    FINISHED,
    /** An error came after a part of the body. */
    TRUNCATED
  }

  private static final VarHandle TOP;

  static {
    try {
      TOP = MethodHandles.lookup().findVarHandle(Outbox.class, "top", Node.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Sink sink;
  private final Turn turn = new Turn();
  private final AtomicLong pendingBytes = new AtomicLong();
  private volatile @Nullable Node top;

  /** Set by the thread with the turn before it asks isReady; cleared by {@link #writable}. */
  private volatile boolean parked;

  // What follows belongs to the thread that has the turn.
  private final Deque<Item> backlog = new ArrayDeque<>();
  private Stage stage = Stage.HELD;
  private long backlogBytes;
  private boolean flushWanted;
  private boolean flushUnderWay;
  private @Nullable Finish finish;
  private @Nullable Failure failure;
  private byte @Nullable [] coalesced;

  Outbox(Sink sink) {
    this.sink = sink;
  }

  /** Takes bytes that nobody else will touch. Any thread. Answers false once closed. */
  boolean write(ByteBuffer bytes) {
    return push(new Chunk(bytes), bytes.remaining());
  }

  /**
   * Answers a future that becomes true when all before it was handed to the container and the
   * container is ready for more, false if that did not come to pass. Any thread.
   */
  CompletableFuture<Boolean> flush() {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    if (!push(new Flush(done), 0)) {
      done.complete(false);
    }
    return done;
  }

  /**
   * Closes the body with its last bytes, which nobody else will touch, if any. Any thread. Answers
   * false if it was closed before.
   */
  boolean finish(@Nullable ByteBuffer bytes) {
    return push(new Finish(bytes), bytes == null ? 0 : bytes.remaining());
  }

  /** Closes with an error in place of the body. Any thread. False if it was closed before. */
  boolean sendError(int status, @Nullable String message) {
    return push(new Failure(status, message), 0);
  }

  boolean isClosed() {
    Node now = top;
    return now != null && now.isLast();
  }

  /** Answers how many bytes were accepted and not yet handed over. */
  long pendingBytes() {
    return pendingBytes.get();
  }

  /** The container's onWritePossible. */
  void writable() {
    parked = false;
    signal();
  }

  /** Drops what is pending: the exchange has ended. Any thread. */
  void ended() {
    signal();
  }

  private boolean push(Item item, int length) {
    pendingBytes.addAndGet(length);
    while (true) {
      Node now = top;
      if (now != null && now.isLast()) {
        pendingBytes.addAndGet(-length);
        return false;
      }
      if (TOP.compareAndSet(this, now, new Node(item, now))) {
        signal();
        return true;
      }
    }
  }

  private void signal() {
    if (!turn.take()) {
      return;
    }
    sink.work(this::work);
  }

  private void work() {
    do {
      collect();
      pass();
    } while (!turn.leave());
  }

  /** Moves what was pushed to the backlog, oldest first. */
  private void collect() {
    Node taken;
    while (true) {
      Node now = top;
      if (now == null || now.item instanceof Closed) {
        return;
      }
      if (TOP.compareAndSet(this, now, now.isLast() ? CLOSED : null)) {
        taken = now;
        break;
      }
    }
    Deque<Item> oldestFirst = new ArrayDeque<>();
    for (Node node = taken; node != null; node = node.below) {
      oldestFirst.addFirst(node.item);
    }
    oldestFirst.forEach(this::accept);
  }

  private void accept(Item item) {
    if (item instanceof Chunk chunk) {
      backlogBytes += chunk.bytes.remaining();
      backlog.add(chunk);
    } else if (item instanceof Flush flush) {
      flushWanted = true;
      backlog.add(flush);
    } else if (item instanceof Finish last) {
      finish = last;
      if (last.bytes != null) {
        accept(new Chunk(last.bytes));
      }
    } else if (item instanceof Failure last) {
      failure = last;
    }
  }

  private void pass() {
    while (stage != Stage.OVER) {
      if (!sink.enter()) {
        break;
      }
      Progress progress;
      Throwable thrown = null;
      try {
        progress = step();
      } catch (IOException | RuntimeException | Error e) {
        progress = Progress.WAIT;
        thrown = e;
      }
      if (thrown != null || progress == Progress.FINISHED || progress == Progress.TRUNCATED) {
        stage = Stage.OVER;
      }
      sink.exit();
      if (thrown != null) {
        sink.failed(thrown);
      } else if (progress == Progress.FINISHED) {
        sink.finished();
      } else if (progress == Progress.TRUNCATED && failure != null) {
        sink.truncated(failure.status, failure.message);
      } else if (progress == Progress.WAIT) {
        return;
      }
    }
    stage = Stage.OVER;
    discard();
  }

  private Progress step() throws IOException {
    return stage == Stage.HELD ? hold() : stream();
  }

  private Progress hold() throws IOException {
    if (failure != null) {
      sink.sendError(failure.status, failure.message);
      return Progress.FINISHED;
    }
    boolean fits = backlogBytes <= sink.wholeLimit();
    if (finish != null && fits && !flushWanted) {
      sink.startWhole();
      while (!backlog.isEmpty()) {
        writeSome();
      }
      return Progress.FINISHED;
    }
    if (finish == null && fits && !flushWanted) {
      return Progress.WAIT;
    }
    stage = Stage.STREAMING;
    parked = true;
    sink.startStream();
    return Progress.MORE;
  }

  private Progress stream() throws IOException {
    if (failure != null) {
      return Progress.TRUNCATED;
    }
    if (parked || (backlog.isEmpty() && finish == null)) {
      return Progress.WAIT;
    }
    parked = true;
    if (!sink.isReady()) {
      return Progress.WAIT;
    }
    parked = false;
    Item next = backlog.peek();
    if (next == null) {
      return Progress.FINISHED;
    }
    if (next instanceof Flush flush) {
      flushOnce(flush);
    } else {
      writeSome();
    }
    return Progress.MORE;
  }

  /** A flush is done when the container, after it, is ready again: that took a second look. */
  private void flushOnce(Flush flush) throws IOException {
    if (!flushUnderWay) {
      sink.flush();
      flushUnderWay = true;
      return;
    }
    flushUnderWay = false;
    backlog.remove();
    tell(List.of(flush), true);
  }

  /** Writes one chunk, or as many small ones as fit one write. */
  private void writeSome() throws IOException {
    Chunk first = (Chunk) backlog.remove();
    boolean alone = !(backlog.peek() instanceof Chunk);
    if (first.bytes.hasArray() && (alone || first.bytes.remaining() >= COALESCED)) {
      ByteBuffer bytes = first.bytes;
      handedOver(bytes.remaining());
      sink.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      return;
    }
    if (coalesced == null) {
      coalesced = new byte[COALESCED];
    }
    byte[] room = coalesced;
    int filled = take(first, room, 0);
    while (filled < room.length && backlog.peek() instanceof Chunk chunk) {
      backlog.remove();
      filled = take(chunk, room, filled);
    }
    handedOver(filled);
    sink.write(room, 0, filled);
  }

  /** Moves what fits from the chunk to the room; what is left goes back to the front. */
  private int take(Chunk chunk, byte[] room, int filled) {
    int length = Math.min(chunk.bytes.remaining(), room.length - filled);
    chunk.bytes.get(room, filled, length);
    if (chunk.bytes.hasRemaining()) {
      backlog.addFirst(chunk);
    }
    return filled + length;
  }

  private void handedOver(int length) {
    backlogBytes -= length;
    pendingBytes.addAndGet(-length);
  }

  private void discard() {
    collect();
    List<Flush> flushes = new ArrayList<>();
    for (Item item; (item = backlog.poll()) != null; ) {
      if (item instanceof Flush flush) {
        flushes.add(flush);
      } else if (item instanceof Chunk chunk) {
        handedOver(chunk.bytes.remaining());
      }
    }
    coalesced = null;
    tell(flushes, false);
  }

  /** Completes futures on a thread of ours: what the application hangs on them runs there. */
  private void tell(List<Flush> flushes, boolean accepted) {
    if (!flushes.isEmpty()) {
      sink.execute(() -> flushes.forEach(flush -> flush.done.complete(accepted)));
    }
  }
}
