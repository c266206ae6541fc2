package io.github.safeasync.internal.body;

import io.github.safeasync.OverLimit;
import io.github.safeasync.SlowClientException;
import io.github.safeasync.internal.body.BodyItem.Chunk;
import io.github.safeasync.internal.body.BodyItem.Failure;
import io.github.safeasync.internal.body.BodyItem.Finish;
import io.github.safeasync.internal.body.BodyItem.Flush;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The way of a response's body out: any thread puts items in, one thread at a time hands them to
 * the container in order, and no thread waits for another or for the client, unless the {@link
 * Limits} say that writers wait for room.
 *
 * <pre>
 *   any thread ──► Limits ──► BodyQueue ──► Drain ──► Sink
 *                  too much?  in order      by the thread that has the {@link Turn}
 * </pre>
 *
 * <p>Whoever puts an item in takes the turn, or leaves a note for the thread that has it. The body
 * is held back until it is worth committing the response: a whole body that fits the container's
 * buffer is written in one go; any other is streamed, write by write as the container says that it
 * is ready.
 *
 * <p>No servlet types: the container is a {@link Sink}.
 */
public final class Outbox {

  /** The container, as the outbox sees it. Called by the thread that has the turn alone. */
  public interface Sink {

    /**
     * Runs the work of one turn, in which the other calls are made: at once, or on the thread that
     * the container wants it on.
     */
    void work(Runnable turn);

    /** Runs a task on a thread that holds no lock of the application. Any thread. */
    void execute(Runnable task);

    /** Runs a task later that never waits. Any thread. */
    Future<?> schedule(Runnable task, Duration delay);

    /** Enters the container; false if the exchange is starting, see signal, or has ended. */
    boolean enter();

    /** Whether the exchange has ended. */
    boolean isOver();

    /** Leaves the container. */
    void exit();

    /** Returns how many bytes may be written in one go without a look at {@link #isReady}. */
    int wholeLimit();

    /** Commits nothing yet, but hands over status and headers, before a body in one go. */
    void startWhole(long length) throws IOException;

    /** Hands over status and headers and asks for a call of {@link #writable} when ready. */
    void startStream() throws IOException;

    /** Whether a part of the response has been sent, the head at least. After a start. */
    boolean isCommitted();

    /** Returns the length that the headers declare, -1 if they do not. After a start. */
    long declaredLength();

    /** Whether the container's stream closes at the declared length, and is silent from then on. */
    boolean endsByItself();

    /** Whether a stream must be flushed, and ready once more, before it is finished. */
    boolean needsFlushBeforeEnd();

    /** Returns false if the response has no content, whatever is written. After a start. */
    boolean takesBody();

    /** Returns whether a write would not block; if not, {@link #writable} will be called. */
    boolean isReady() throws IOException;

    /** Writes; the bytes are the container's until {@link #isReady} returns true. */
    void write(ByteBuffer bytes) throws IOException;

    void flush() throws IOException;

    /**
     * Sends an error, or a redirect, in place of a body of which nothing has been sent.
     *
     * @param message of an error, null for the container's own words; where to, of a redirect
     */
    void sendError(int status, @Nullable String message) throws IOException;

    /** Everything was handed over. Called outside enter and exit. */
    void finished();

    /** The body cannot be completed: an error came after a part of it. Outside enter and exit. */
    void truncated(int status, @Nullable String message);

    /** A call of the container failed. Called outside enter and exit. */
    void failed(Throwable failure, boolean heartbeat);

    /** The client takes nothing. On the timer's thread. */
    void stalled(SlowClientException why);

    /** The application wrote more than may be pending. On its thread. */
    void overLimit(SlowClientException why);

    /** Whether the servlet is inside: nothing leaves the server before it has returned. */
    boolean isServletInside();

    /** Returns whether the calling thread may wait for room. */
    boolean mayWait();
  }

  /** What may be pending, and what becomes of a write beyond it. */
  public record Limits(long mark, long limit, OverLimit overLimit, Duration writeTimeout) {}

  private final Sink sink;
  private final Limits limits;
  private final Turn turn = new Turn();
  private final BodyQueue intake = new BodyQueue();
  private final PendingBytes pending;
  private final Drain drain;
  private final WriteTimeout timeout;
  private volatile long lastWriteNanos = System.nanoTime();

  public Outbox(Sink sink, Limits limits) {
    this.sink = sink;
    this.limits = limits;
    this.pending = new PendingBytes(limits.mark, limits.limit);
    this.timeout =
        new WriteTimeout(limits.writeTimeout, System::nanoTime, sink::schedule, this::stalled);
    this.drain = new Drain(sink, pending, timeout);
  }

  /** Takes bytes that nobody else will touch. Any thread. Returns false if not accepted. */
  public boolean write(ByteBuffer bytes) {
    return bytes.hasRemaining() ? write(new Chunk(bytes, Chunk.Kind.PLAIN)) : !isClosed();
  }

  /**
   * As {@link #write(ByteBuffer)}, which waits for room whatever else a write over the limit does.
   */
  public boolean writeOnceThereIsRoom(ByteBuffer bytes) {
    lastWriteNanos = System.nanoTime();
    Chunk chunk = new Chunk(bytes, Chunk.Kind.PLAIN);
    return !isClosed() && admitWaiting(chunk.weight()) && putAdmitted(chunk, chunk.weight());
  }

  /** Takes bytes and sends them, for those who need not know when. */
  public boolean writeAndFlush(ByteBuffer bytes) {
    return bytes.hasRemaining()
        ? write(new Chunk(bytes, Chunk.Kind.FLUSHED))
        : putAdmitted(new Flush(new CompletableFuture<>()));
  }

  /** Takes bytes that are written to find out whether the client is there, and sends them. */
  public boolean heartbeat(ByteBuffer bytes) {
    return write(new Chunk(bytes, Chunk.Kind.HEARTBEAT));
  }

  private boolean write(Chunk chunk) {
    lastWriteNanos = System.nanoTime();
    return putAdmitted(chunk);
  }

  /**
   * Returns a future that becomes true when all before it was handed to the container and the
   * container is ready for more, false if that did not come to pass. Any thread.
   */
  public CompletableFuture<Boolean> flush() {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    if (!putAdmitted(new Flush(done))) {
      done.complete(false);
    }
    return done;
  }

  /**
   * Closes the body with its last bytes, which nobody else will touch, if any. Any thread. Returns
   * false if it was closed before, or the bytes are not accepted.
   */
  public boolean finish(@Nullable ByteBuffer bytes) {
    if (bytes == null || !bytes.hasRemaining()) {
      return put(new Finish(null));
    }
    return putAdmitted(new Finish(new Chunk(bytes, Chunk.Kind.PLAIN)));
  }

  /** Closes with an error in place of the body. Any thread. False if it was closed before. */
  public boolean sendError(int status, @Nullable String message) {
    return put(new Failure(status, message));
  }

  /** As {@link #sendError}, with a redirect. */
  public boolean redirect(int status, String location) {
    return put(new Failure(status, location));
  }

  public boolean isClosed() {
    return intake.isClosed();
  }

  public PendingBytes pending() {
    return pending;
  }

  WriteTimeout timeout() {
    return timeout;
  }

  /** The container's onWritePossible. */
  public void writable() {
    drain.writable();
    signal();
  }

  /** The container's onError of the stream. */
  public void failed(Throwable failure) {
    sink.failed(failure, drain.isHeartbeat());
  }

  /** There may be something to do: the exchange has started, or ended. Any thread. */
  public void signal() {
    if (turn.take()) {
      sink.work(this::work);
    }
  }

  private void work() {
    do {
      intake.takeAll().forEach(drain::accept);
      if (drain.run()) {
        if (!turn.leave()) {
          // The stream may belong to another thread than the one that started it: the turn too.
          sink.work(this::work);
        }
        return;
      }
      // Who put something in while the container was awaited has left no note.
    } while ((drain.isOver() && !intake.isEmpty()) || !turn.leave());
  }

  private boolean put(BodyItem item) {
    boolean accepted = intake.put(item);
    if (accepted && (item.isLast() || !drain.isAwaitingContainer())) {
      signal();
    }
    return accepted;
  }

  /** Returns when bytes were last accepted, by {@link System#nanoTime}. */
  public long lastWriteNanos() {
    return lastWriteNanos;
  }

  private boolean putAdmitted(BodyItem item) {
    long weight = item.weight();
    return !isClosed() && admit(weight) && putAdmitted(item, weight);
  }

  private boolean putAdmitted(BodyItem item, long weight) {
    boolean accepted = put(item);
    if (!accepted) {
      pending.release(weight);
    }
    return accepted;
  }

  private boolean admit(long weight) {
    return switch (limits.overLimit) {
      case FAIL -> pending.admit(weight) || refused(weight);
      case DROP_NEWEST -> pending.admit(weight);
      case BLOCK -> admitWaiting(weight);
    };
  }

  private boolean admitWaiting(long weight) {
    return sink.mayWait() ? admitOnceThereIsRoom(weight) : pending.admit(weight) || refused(weight);
  }

  private boolean admitOnceThereIsRoom(long weight) {
    while (awaitRoom() && !pending.hasEnded()) {
      if (pending.admit(weight)) {
        return true;
      }
    }
    return false;
  }

  private boolean awaitRoom() {
    try {
      Duration longest = limits.writeTimeout;
      long nanos = longest.isZero() ? Long.MAX_VALUE / 2 : longest.toNanos();
      if (pending.await(nanos, TimeUnit.NANOSECONDS)) {
        return true;
      }
      sink.overLimit(SlowClients.noRoom(longest, pending.bytes()));
    } catch (InterruptedException e) {
      // A part of the response is missing from here on: it must not look whole.
      Thread.currentThread().interrupt();
      sink.overLimit(SlowClients.interrupted(pending.bytes()));
    }
    return false;
  }

  private boolean refused(long weight) {
    sink.overLimit(
        sink.isServletInside()
            ? SlowClients.servletInside(weight, pending.bytes(), pending.limit())
            : SlowClients.overLimit(weight, pending.bytes(), pending.limit()));
    return false;
  }

  private void stalled() {
    sink.stalled(SlowClients.stalled(limits.writeTimeout, pending.bytes()));
  }
}
