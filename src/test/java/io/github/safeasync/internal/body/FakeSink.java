package io.github.safeasync.internal.body;

import io.github.safeasync.OverLimit;
import io.github.safeasync.SlowClientException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A container with rules: it notes every breach, and is ready when the test says so. */
class FakeSink implements Outbox.Sink {

  static final Outbox.Limits LIMITS =
      new Outbox.Limits(1 << 20, 16 << 20, OverLimit.FAIL, Duration.ZERO);

  final List<String> breaches = new ArrayList<>();
  final List<String> events = new ArrayList<>();
  final List<Integer> writes = new ArrayList<>();
  final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final AtomicInteger inside = new AtomicInteger();
  volatile boolean ended;
  volatile boolean starting;
  volatile boolean mayWait;
  volatile boolean servletInside;
  volatile boolean ready = true;
  volatile boolean asked;
  volatile Throwable failure;
  IOException thrownByWrite;
  long declaredLength = -1;
  boolean takesBody = true;
  boolean endsByItself;
  boolean needsFlushBeforeEnd;
  boolean readyAfterFlush = true;

  /** Whether the next question is the last to be answered with yes. */
  boolean readyOnce;

  boolean started;
  boolean streaming;
  boolean grantedReady;
  int turns;

  /** What was written, as text. */
  String text() {
    return body.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void work(Runnable turn) {
    turns++;
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
  public boolean isOver() {
    return ended;
  }

  @Override
  public boolean enter() {
    if (ended || starting) {
      return false;
    }
    check(inside.incrementAndGet() == 1, "two calls at a time");
    return true;
  }

  @Override
  public void exit() {
    check(inside.decrementAndGet() == 0, "exit without enter");
  }

  private void check(boolean held, String breach) {
    if (!held) {
      breaches.add(breach);
    }
  }

  @Override
  public int wholeLimit() {
    return 100;
  }

  @Override
  public void startWhole(long length) {
    check(!started, "started twice");
    started = true;
    events.add("whole " + length);
  }

  @Override
  public void startStream() {
    check(!started, "started twice");
    started = true;
    streaming = true;
    events.add("stream");
  }

  @Override
  public boolean isCommitted() {
    return !writes.isEmpty();
  }

  @Override
  public long declaredLength() {
    return declaredLength;
  }

  @Override
  public boolean endsByItself() {
    return endsByItself;
  }

  @Override
  public boolean needsFlushBeforeEnd() {
    return needsFlushBeforeEnd;
  }

  @Override
  public boolean takesBody() {
    return takesBody;
  }

  @Override
  public boolean isReady() {
    check(inside.get() == 1, "isReady outside");
    boolean answer = ready;
    ready &= !readyOnce;
    asked = !answer;
    grantedReady = answer;
    return answer;
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    check(inside.get() == 1, "write outside");
    check(!streaming || grantedReady, "write without isReady");
    grantedReady = false;
    if (thrownByWrite != null) {
      throw thrownByWrite;
    }
    writes.add(bytes.remaining());
    while (bytes.hasRemaining()) {
      body.write(bytes.get());
    }
  }

  @Override
  public void flush() {
    check(grantedReady, "flush without isReady");
    grantedReady = false;
    ready = readyAfterFlush;
    events.add("flush");
  }

  @Override
  public void sendError(int status, String message) {
    events.add("error " + status);
  }

  @Override
  public void finished() {
    events.add("finished");
    ended = true;
  }

  @Override
  public void truncated(int status, String message) {
    events.add("truncated " + status);
    ended = true;
  }

  @Override
  public void failed(Throwable failure, boolean heartbeat) {
    events.add(heartbeat ? "heartbeat failed" : "failed");
    this.failure = failure;
    ended = true;
  }

  @Override
  public void stalled(SlowClientException why) {
    events.add("stalled");
    failure = why;
    ended = true;
  }

  @Override
  public void overLimit(SlowClientException why) {
    events.add("over limit");
    failure = why;
    ended = true;
  }

  @Override
  public boolean isServletInside() {
    return servletInside;
  }

  @Override
  public boolean mayWait() {
    return mayWait;
  }
}
