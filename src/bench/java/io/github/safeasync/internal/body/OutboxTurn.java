package io.github.safeasync.internal.body;

import io.github.safeasync.OverLimit;
import io.github.safeasync.SlowClientException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A piece that is put in and drained at once, to a container that takes everything. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OutboxTurn {

  private static final int PIECE = 64;

  private final byte[] piece = new byte[PIECE];
  private Outbox outbox;

  /** Starts the stream. */
  @Setup
  public void start() {
    Outbox.Limits limits =
        new Outbox.Limits(1 << 20, 16 << 20, OverLimit.FAIL, Duration.ofSeconds(30));
    outbox = new Outbox(new Taking(), limits);
    outbox.writeAndFlush(ByteBuffer.wrap(piece));
    outbox.writable();
  }

  /** Puts one in. */
  @Benchmark
  public boolean writeAndFlush() {
    return outbox.writeAndFlush(ByteBuffer.wrap(piece));
  }

  /** A container that is always ready. */
  private static final class Taking implements Outbox.Sink {

    @Override
    public void work(Runnable turn) {
      turn.run();
    }

    @Override
    public void execute(Runnable task) {
      throw new IllegalStateException("nothing runs elsewhere");
    }

    @Override
    public Future<?> schedule(Runnable task, Duration delay) {
      return new CompletableFuture<>();
    }

    @Override
    public boolean enter() {
      return true;
    }

    @Override
    public boolean isOver() {
      return false;
    }

    @Override
    public void exit() {}

    @Override
    public int wholeLimit() {
      return 8192;
    }

    @Override
    public void startWhole(long length) {}

    @Override
    public void startStream() {}

    @Override
    public boolean isCommitted() {
      return true;
    }

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
    public boolean isReady() {
      return true;
    }

    @Override
    public void write(ByteBuffer bytes) {
      bytes.position(bytes.limit());
    }

    @Override
    public void flush() {}

    @Override
    public void sendError(int status, @Nullable String message) {
      throw new IllegalStateException("sendError");
    }

    @Override
    public void finished() {
      throw new IllegalStateException("finished");
    }

    @Override
    public void truncated(int status, @Nullable String message) {
      throw new IllegalStateException("truncated");
    }

    @Override
    public void failed(Throwable failure, boolean heartbeat) {
      throw new IllegalStateException(failure);
    }

    @Override
    public void stalled(SlowClientException why) {
      throw new IllegalStateException(why);
    }

    @Override
    public void overLimit(SlowClientException why) {
      throw new IllegalStateException(why);
    }

    @Override
    public boolean isServletInside() {
      return false;
    }

    @Override
    public boolean mayWait() {
      return false;
    }
  }
}
