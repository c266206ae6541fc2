package io.github.safeasync.internal.body;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.OverLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** No lost wake-up, one drainer at a time, order per thread, and the close decides. */
@Timeout(60)
class OutboxStressTest {

  private static final int THREADS = 4;
  private static final int RECORDS = 2_000;

  /** A container that is not ready after every third write or so, and soon calls back. */
  private static final class Moody extends FakeSink {

    final BlockingQueue<Runnable> calls = new LinkedBlockingQueue<>();
    final CountDownLatch over = new CountDownLatch(1);
    Outbox outbox;
    private boolean registered;
    private boolean full;

    @Override
    public synchronized boolean isReady() {
      if (full) {
        if (registered) {
          breaches.add("asked again before the call");
        }
        registered = true;
        calls.add(this::callBack);
      }
      grantedReady = !full;
      return !full;
    }

    private void callBack() {
      synchronized (this) {
        registered = false;
        full = false;
      }
      outbox.writable();
    }

    @Override
    public synchronized void write(ByteBuffer bytes) throws IOException {
      super.write(bytes);
      full = ThreadLocalRandom.current().nextInt(3) == 0;
    }

    @Override
    public synchronized void flush() {
      super.flush();
      full = ThreadLocalRandom.current().nextInt(3) == 0;
    }

    @Override
    public void startStream() {
      super.startStream();
      calls.add(() -> outbox.writable());
    }

    @Override
    public void finished() {
      super.finished();
      over.countDown();
    }
  }

  @RepeatedTest(5)
  void write_fromManyThreads_losesNothing() throws Exception {
    Moody sink = new Moody();
    Outbox outbox =
        new Outbox(
            sink, new Outbox.Limits(4096, Long.MAX_VALUE / 2, OverLimit.BLOCK, Duration.ZERO));
    sink.mayWait = true;
    sink.outbox = outbox;
    Thread container = start(() -> callBack(sink));
    AtomicInteger running = new AtomicInteger(THREADS);
    for (int i = 0; i < THREADS; i++) {
      int writer = i;
      start(
          () -> {
            for (int number = 0; number < RECORDS; number++) {
              outbox.write(ByteBuffer.allocate(8).putInt(writer).putInt(number).flip());
              if (number % 16 == 0) {
                outbox.flush();
              }
            }
            if (running.decrementAndGet() == 0) {
              outbox.finish(null);
            }
          });
    }
    assertThat(sink.over.await(30, TimeUnit.SECONDS)).as("finished").isTrue();
    container.interrupt();
    assertThat(sink.breaches).isEmpty();
    assertRecords(ByteBuffer.wrap(sink.body.toByteArray()));
    assertThat(outbox.pending().bytes()).isZero();
  }

  private static void callBack(Moody sink) {
    try {
      while (true) {
        sink.calls.take().run();
      }
    } catch (InterruptedException over) {
      // The test is over.
    }
  }

  private static void assertRecords(ByteBuffer body) {
    int[] next = new int[THREADS];
    while (body.hasRemaining()) {
      int writer = body.getInt();
      assertThat(body.getInt()).isEqualTo(next[writer]++);
    }
    assertThat(next).containsOnly(RECORDS);
  }

  @RepeatedTest(200)
  void finish_racingWrites_takesWhatWasAccepted_andNothingElse() throws Exception {
    Moody sink = new Moody();
    // The writer is not to reach the limit before the others have started.
    Outbox outbox =
        new Outbox(sink, new Outbox.Limits(1 << 20, 16 << 20, OverLimit.BLOCK, Duration.ZERO));
    sink.mayWait = true;
    sink.outbox = outbox;
    Thread container = start(() -> callBack(sink));
    AtomicInteger accepted = new AtomicInteger();
    AtomicInteger closed = new AtomicInteger();
    Thread writer = start(() -> accepted.addAndGet(writeUntilClosed(outbox)));
    Thread[] closers = new Thread[2];
    for (int i = 0; i < closers.length; i++) {
      closers[i] = start(() -> closed.addAndGet(outbox.finish(null) ? 1 : 0));
    }
    for (Thread closer : closers) {
      closer.join();
    }
    writer.join();
    assertThat(sink.over.await(30, TimeUnit.SECONDS)).as("finished").isTrue();
    container.interrupt();
    assertThat(closed).hasValue(1);
    assertThat(sink.body.size()).isEqualTo(accepted.get());
    assertThat(sink.breaches).isEmpty();
  }

  private static int writeUntilClosed(Outbox outbox) {
    int accepted = 0;
    while (outbox.write(ByteBuffer.allocate(10))) {
      accepted += 10;
    }
    return accepted;
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
