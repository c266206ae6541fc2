package io.github.safeasync;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Writes race with the container's calls and with the end: nothing may be left lying. */
public class OutboxLincheckTest {

  private final Container container = new Container();
  private final Outbox outbox =
      new Outbox(
          container, new Outbox.Limits(1 << 20, 1 << 20, OverLimit.FAIL, Duration.ofSeconds(1)));
  private final AtomicInteger accepted = new AtomicInteger();

  /** A response that is streamed already, to a client that has just taken all it can. */
  public OutboxLincheckTest() {
    outbox.flushSoon();
    outbox.writable();
    put();
    put();
  }

  @Operation
  public void write() {
    put();
  }

  private void put() {
    if (outbox.write(ByteBuffer.allocate(1))) {
      accepted.incrementAndGet();
    }
  }

  /** The client has taken something. */
  @Operation
  public void room() {
    if (container.room()) {
      outbox.writable();
    }
  }

  @Operation
  public void end() {
    container.over = true;
    outbox.signal();
  }

  @Validate
  public void allIsHandedOverOrDropped() {
    while (container.isAwaited() && !container.over) {
      room();
    }
    if (outbox.pending().bytes() != 0) {
      throw new AssertionError(outbox.pending().bytes() + " bytes were left lying");
    }
    if (!container.over && outbox.stall().isWaiting()) {
      throw new AssertionError("The client has taken all, and is taken for stalled");
    }
    if (!container.over && container.written != accepted.get()) {
      throw new AssertionError(container.written + " of " + accepted + " bytes were written");
    }
  }

  @Test
  void nothingIsLeftLying_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(1)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(15)
        .invocationsPerIteration(1000)
        .check(getClass());
  }

  /** It has room for one write at a time, and calls back when it was asked in between. */
  private static final class Container implements Outbox.Sink {

    private boolean room = true;
    private boolean awaited;
    private int written;
    private volatile boolean over;

    synchronized boolean room() {
      boolean call = awaited;
      awaited = false;
      room = true;
      return call;
    }

    synchronized boolean isAwaited() {
      return awaited;
    }

    @Override
    public synchronized boolean isReady() {
      if (awaited) {
        throw new AssertionError("Asked again before the call");
      }
      awaited = !room;
      return room;
    }

    @Override
    public synchronized void write(ByteBuffer bytes) {
      if (!room) {
        throw new AssertionError("Written without room");
      }
      room = false;
      written += bytes.remaining();
    }

    @Override
    public void flush() {}

    @Override
    public void work(Runnable turn) {
      turn.run();
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public Future<?> schedule(Runnable task, Duration delay) {
      return new CompletableFuture<>();
    }

    @Override
    public boolean enter() {
      return !over;
    }

    @Override
    public boolean isOver() {
      return over;
    }

    @Override
    public void exit() {}

    @Override
    public int wholeLimit() {
      return 0;
    }

    @Override
    public void startWhole(long length) {
      throw new AssertionError("It is streamed");
    }

    @Override
    public void startStream() {}

    @Override
    public long declaredLength() {
      return -1;
    }

    @Override
    public boolean endsByItself() {
      return false;
    }

    @Override
    public boolean needsFlushBeforeEnd() {
      return false;
    }

    @Override
    public boolean takesBody() {
      return true;
    }

    @Override
    public void sendError(int status, @Nullable String message) {
      throw new AssertionError("Nobody has asked for an error");
    }

    @Override
    public void finished() {
      throw new AssertionError("Nobody has finished");
    }

    @Override
    public void truncated(int status, @Nullable String message) {
      throw new AssertionError("Nobody has asked for an error");
    }

    @Override
    public void failed(Throwable failure, boolean heartbeat) {
      throw new AssertionError(failure);
    }

    @Override
    public void stalled(SlowClientException why) {
      throw new AssertionError(why);
    }

    @Override
    public void overLimit(SlowClientException why) {
      throw new AssertionError(why);
    }

    @Override
    public boolean mayWait() {
      return false;
    }
  }
}
