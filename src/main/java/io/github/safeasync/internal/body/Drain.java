package io.github.safeasync.internal.body;

import io.github.safeasync.internal.body.BodyItem.Chunk;
import io.github.safeasync.internal.body.BodyItem.Failure;
import io.github.safeasync.internal.body.BodyItem.Finish;
import io.github.safeasync.internal.body.BodyItem.Flush;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Hands items to the container, in order, as far as it is ready. Belongs to the thread that has the
 * {@link Outbox}'s turn; only {@link #writable} is called by others.
 *
 * <pre>
 *            a whole body that fits, an error, the end
 *   ┌──────┐ ──────────────────────────────────────────────► ┌──────┐
 *   │ HELD │                                                 │ OVER │
 *   └──────┘ ─────────────► ┌───────────┐ ─────────────────► └──────┘
 *            flush, or more │ STREAMING │  all written, cut off,
 *            than fits      └───────────┘  a failure, the end
 * </pre>
 */
final class Drain {

  /** Small chunks are put together to writes of this many bytes. */
  private static final int COALESCED = 16 * 1024;

  /** Large ones are written in parts, so that the progress of a slow client shows. */
  private static final int SLICE = 64 * 1024;

  private enum Stage {
    /** Nothing was handed over: the body is held back. */
    HELD,
    /** The response is handed over write by write. */
    STREAMING,
    /** The last item was dealt with, or the exchange has ended. */
    OVER
  }

  /** Whose move it is while the response is streamed. */
  private enum Readiness {
    /** The container has said that it is ready, or is to be asked. */
    READY,
    /** The container is being asked. */
    ASKING,
    /** The container was not ready, and will call {@link #writable}. */
    AWAITED
  }

  private enum Progress {
    /** Go on with the next step. */
    MORE,
    /** Nothing to do before the next item or call of {@link #writable}. */
    WAIT,
    /** A stream was started. */
    STARTED,
    /** The body went out. */
    FINISHED,
    /** An error came after a part of the body. */
    TRUNCATED
  }

  private static final AtomicReferenceFieldUpdater<Drain, Readiness> READINESS =
      AtomicReferenceFieldUpdater.newUpdater(Drain.class, Readiness.class, "readiness");

  private final Outbox.Sink sink;
  private final PendingBytes pending;
  private final WriteTimeout timeout;

  /**
   * Becomes ASKING before the container is asked, so that {@link #writable} is not overtaken by the
   * answer that it makes obsolete.
   */
  private volatile Readiness readiness = Readiness.READY;

  /** Whether the last write was a heartbeat's. */
  private volatile boolean heartbeat;

  private final Deque<BodyItem> backlog = new ArrayDeque<>(1);

  private final Flushes flushes = new Flushes();
  private Stage stage = Stage.HELD;
  private long backlogBytes;
  private long written;

  /** What the chunks weighed that the next write is made of, beside their bytes. */
  private long overhead;

  private @Nullable Finish finish;
  private @Nullable Failure failure;
  private byte @Nullable [] coalesced;

  Drain(Outbox.Sink sink, PendingBytes pending, WriteTimeout timeout) {
    this.sink = sink;
    this.pending = pending;
    this.timeout = timeout;
  }

  /** The container says that it is ready. Any thread; the turn must be taken afterwards. */
  void writable() {
    timeout.moved();
    readiness = Readiness.READY;
  }

  /** Whether bytes and flushes are of no use before {@link #writable} is called. Any thread. */
  boolean isAwaitingContainer() {
    return readiness == Readiness.AWAITED;
  }

  /** Whether the last write was a heartbeat's. Any thread. */
  boolean isHeartbeat() {
    return heartbeat;
  }

  /** Whether all that is put in from now on is dropped. */
  boolean isOver() {
    return stage == Stage.OVER;
  }

  void accept(BodyItem item) {
    if (item instanceof Chunk chunk) {
      backlogBytes += chunk.bytes().remaining();
      if (chunk.kind().isFlushed()) {
        flushes.want();
      }
      backlog.add(chunk);
    } else if (item instanceof Flush flush) {
      flushes.want();
      backlog.add(flush);
    } else if (item instanceof Finish last) {
      finish = last;
      if (last.chunk() != null) {
        accept(last.chunk());
      }
    } else if (item instanceof Failure last) {
      failure = last;
    }
  }

  /**
   * Goes as far as the container is ready, and to the end if there is one.
   *
   * @return true if a stream was started, which is to be gone on with where streams are written
   */
  boolean run() {
    while (stage != Stage.OVER) {
      if (!sink.enter()) {
        if (sink.isOver()) {
          break;
        }
        // A signal follows once it is open.
        return false;
      }
      Progress progress = Progress.WAIT;
      Throwable thrown = null;
      try {
        progress = steps();
      } catch (IOException | RuntimeException | Error e) {
        thrown = e;
      }
      if (thrown != null || progress == Progress.FINISHED || progress == Progress.TRUNCATED) {
        stage = Stage.OVER;
      }
      sink.exit();
      if (thrown != null) {
        sink.failed(thrown, heartbeat);
      } else if (progress == Progress.FINISHED) {
        tell(flushes.end(), true);
        sink.finished();
      } else if (progress == Progress.TRUNCATED && failure != null) {
        sink.truncated(failure.status(), failure.message());
      } else if (progress == Progress.WAIT || progress == Progress.STARTED) {
        return progress == Progress.STARTED;
      }
    }
    stage = Stage.OVER;
    discard();
    return false;
  }

  /** Inside the container, as long as the exchange lives. */
  private Progress steps() throws IOException {
    Progress progress;
    do {
      progress = stage == Stage.HELD ? hold() : stream();
    } while (progress == Progress.MORE && !sink.isOver());
    return progress;
  }

  private Progress hold() throws IOException {
    if (failure != null) {
      return fail(failure);
    }
    boolean fits = backlogBytes <= sink.wholeLimit();
    if (finish != null && fits && !flushes.isWanted()) {
      sink.startWhole(backlogBytes);
      requireWhole(backlogBytes);
      while (!backlog.isEmpty()) {
        writeSome();
      }
      return Progress.FINISHED;
    }
    if (finish == null && fits && !flushes.isWanted() && pending.isWritable()) {
      return Progress.WAIT;
    }
    stage = Stage.STREAMING;
    readiness = Readiness.AWAITED;
    sink.startStream();
    return Progress.STARTED;
  }

  private Progress fail(Failure with) throws IOException {
    if (sink.isCommitted()) {
      return Progress.TRUNCATED;
    }
    sink.sendError(with.status(), with.message());
    return Progress.FINISHED;
  }

  private Progress stream() throws IOException {
    if (failure != null) {
      return fail(failure);
    }
    while (backlog.peek() instanceof Flush flush) {
      backlog.remove();
      flushes.becomeDue(flush);
    }
    boolean allWritten = backlog.isEmpty() && finish != null;
    if (allWritten && sink.endsByItself() && sink.declaredLength() == written) {
      return Progress.FINISHED;
    }
    if (isAwaitingContainer()) {
      return Progress.WAIT;
    }
    // A call of writable may have come between the container's answer and the note of it.
    timeout.moved();
    if (backlog.isEmpty() && !flushes.isUnderWay() && finish == null) {
      coalesced = null; // There may be thousands of streams that idle.
      return Progress.WAIT;
    }
    readiness = Readiness.ASKING;
    if (sink.isReady()) {
      readiness = Readiness.READY;
      return streamWhenReady();
    }
    if (!READINESS.compareAndSet(this, Readiness.ASKING, Readiness.AWAITED)) {
      // It has become ready in between.
      return Progress.MORE;
    }
    timeout.waiting();
    return Progress.WAIT;
  }

  private Progress streamWhenReady() throws IOException {
    tell(flushes.ready(), true);
    if (flushes.isDue()) {
      flush();
    } else if (!backlog.isEmpty()) {
      writeSome();
    } else if (finish != null) {
      requireWhole(written);
      if (flushes.isSent() || !sink.needsFlushBeforeEnd()) {
        return Progress.FINISHED;
      }
      flush();
    }
    return Progress.MORE;
  }

  private void flush() throws IOException {
    flushes.ask();
    sink.flush();
  }

  private void requireWhole(long length) {
    long declared = sink.declaredLength();
    if (declared >= 0 && length != declared && sink.takesBody()) {
      throw ContentLengthException.of(length, declared, length < declared);
    }
  }

  /** Writes a part of one chunk, or as many small ones as fit one write. */
  private void writeSome() throws IOException {
    Chunk first = (Chunk) backlog.remove();
    heartbeat = first.kind() == Chunk.Kind.HEARTBEAT;
    ByteBuffer bytes = first.bytes();
    if (bytes.remaining() < COALESCED && !backlog.isEmpty()) {
      backlog.addFirst(first);
      write(coalesce());
    } else if (bytes.remaining() > SLICE) {
      ByteBuffer slice = bytes.duplicate().limit(bytes.position() + SLICE);
      bytes.position(slice.limit());
      backlog.addFirst(first);
      write(slice);
    } else {
      written(first);
      write(bytes);
    }
  }

  /** All of a chunk is on its way. */
  private void written(Chunk chunk) {
    if (chunk.kind().isFlushed()) {
      flushes.becomeDue();
    }
    overhead += BodyItem.OVERHEAD;
  }

  /** Puts small chunks together; flushes between them are due when those are written. */
  private ByteBuffer coalesce() {
    int wanted = (int) Math.min(COALESCED, backlogBytes);
    byte[] room = coalesced;
    if (room == null || room.length < wanted) {
      room = new byte[wanted];
      coalesced = room;
    }
    int filled = 0;
    for (BodyItem next; (next = backlog.peek()) != null; backlog.remove()) {
      if (next instanceof Chunk chunk) {
        ByteBuffer bytes = chunk.bytes();
        int length = Math.min(bytes.remaining(), room.length - filled);
        bytes.get(room, filled, length);
        filled += length;
        if (bytes.hasRemaining()) {
          break;
        }
        written(chunk);
      } else if (next instanceof Flush flush) {
        flushes.becomeDue(flush);
      }
    }
    return ByteBuffer.wrap(room, 0, filled);
  }

  private void write(ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    long declared = sink.declaredLength();
    written += length;
    backlogBytes -= length;
    pending.release(length + overhead);
    overhead = 0;
    if (!sink.takesBody()) {
      return;
    }
    if (declared >= 0 && written > declared) {
      throw ContentLengthException.of(written, declared, false);
    }
    flushes.written();
    sink.write(bytes);
  }

  /** Drops all that is left. */
  private void discard() {
    readiness = Readiness.READY;
    timeout.end();
    pending.end();
    long weight = 0;
    for (BodyItem item; (item = backlog.poll()) != null; ) {
      if (item instanceof Flush flush) {
        flushes.becomeDue(flush);
      } else {
        weight += item.weight();
      }
    }
    pending.release(weight);
    coalesced = null;
    backlogBytes = 0;
    tell(flushes.end(), false);
  }

  /** Completes futures on a thread of ours: what the application hangs on them runs there. */
  private void tell(List<Flush> told, boolean accepted) {
    if (!told.isEmpty()) {
      pending.release((long) BodyItem.OVERHEAD * told.size());
      sink.execute(() -> told.forEach(flush -> flush.done().complete(accepted)));
    }
  }
}
