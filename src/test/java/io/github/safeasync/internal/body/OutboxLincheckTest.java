package io.github.safeasync.internal.body;

import io.github.safeasync.OverLimit;
import io.github.safeasync.testkit.Tries;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** Writes race with the container's calls and with every end: nothing may be left lying. */
class OutboxLincheckTest {

  /** A response to a client that takes one write at a time. */
  public abstract static class Stream {

    private final Container container = new Container();
    private final Outbox outbox =
        new Outbox(
            container, new Outbox.Limits(1 << 20, 1 << 20, OverLimit.FAIL, Duration.ofSeconds(1)));
    private final AtomicInteger accepted = new AtomicInteger();
    private final Queue<CompletableFuture<Boolean>> flushes = new ConcurrentLinkedQueue<>();

    Stream(boolean isStreamed, int writes) {
      if (isStreamed) {
        outbox.flush();
        room();
      }
      for (int i = 0; i < writes; i++) {
        put();
      }
    }

    private void put() {
      if (outbox.write(ByteBuffer.allocate(1))) {
        accepted.incrementAndGet();
      }
    }

    @Operation
    public void write() {
      put();
    }

    /** The client has taken something. */
    @Operation
    public void room() {
      if (container.room()) {
        outbox.writable();
      }
    }

    @Operation
    public void flush() {
      flushes.add(outbox.flush());
    }

    @Operation
    public void finish() {
      outbox.finish(null);
    }

    @Operation
    public void sendError() {
      outbox.sendError(500, null);
    }

    /** The client has gone. */
    @Operation
    public void end() {
      container.ended = true;
      outbox.signal();
    }

    @Validate
    public void allIsHandedOverOrDropped() {
      while (container.isAwaited() && !container.ended) {
        room();
      }
      boolean told = flushes.stream().allMatch(CompletableFuture::isDone);
      check(told, "a flush was left lying");
      check(container.breaches.isEmpty(), container.breaches + " were done");
      check(container.failure == null, container.failure + " was told");
      long left = outbox.pending().bytes();
      boolean isHeld = !container.started && !container.ended;
      check(isHeld || left == 0, left + " bytes were left lying");
      check(!outbox.timeout().isWaiting(), "who has taken all is taken for stalled");
      boolean isFinished = container.events.contains("finished");
      boolean isReplaced = container.events.contains("error 500");
      boolean isWhole = !isReplaced && (isFinished || !container.ended);
      int written = container.body.size();
      check(
          isHeld || !isWhole || written == accepted.get(),
          written + " of " + accepted + " were written");
      check(container.ended || !outbox.isClosed(), "the end was left lying");
    }

    private static void check(boolean held, String breach) {
      if (!held) {
        throw new AssertionError(breach);
      }
    }
  }

  /** Nothing is streamed yet: what is written is held back. */
  public static final class Held extends Stream {

    public Held() {
      super(false, 1);
    }
  }

  /** The client has no room, and the container was not asked. */
  public static final class AtRest extends Stream {

    public AtRest() {
      super(true, 1);
    }
  }

  /** The container was asked, and is awaited. */
  public static final class Awaiting extends Stream {

    public Awaiting() {
      super(true, 2);
    }
  }

  @Test
  void held_nothingIsLeftLying_inEveryInterleaving() {
    check(Held.class);
  }

  @Test
  void atRest_nothingIsLeftLying_inEveryInterleaving() {
    check(AtRest.class);
  }

  @Test
  void awaiting_nothingIsLeftLying_inEveryInterleaving() {
    check(Awaiting.class);
  }

  /** One writes, one is the container, and one ends it, say. */
  @Test
  void ofThreeThreads_nothingIsLeftLying_inEveryInterleaving() {
    check(AtRest.class, 3);
    if (Tries.areAll()) {
      check(Awaiting.class, 3);
    }
  }

  private static void check(Class<? extends Stream> stream) {
    check(stream, 2);
  }

  private static void check(Class<? extends Stream> stream, int threads) {
    new ModelCheckingOptions()
        .threads(threads)
        .actorsPerThread(1)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(Tries.of(30))
        .invocationsPerIteration(Tries.of(400))
        .check(stream);
  }

  /** It has room for one write at a time, and calls back when it was asked in between. */
  private static final class Container extends FakeSink {

    private boolean room = true;
    private boolean awaited;

    synchronized boolean room() {
      boolean call = awaited;
      awaited = false;
      room = true;
      return call;
    }

    @Override
    public synchronized void startStream() {
      super.startStream();
      awaited = true;
    }

    synchronized boolean isAwaited() {
      return awaited;
    }

    @Override
    public synchronized boolean isReady() {
      if (awaited) {
        breaches.add("asked again before the call");
      }
      awaited = !room;
      grantedReady = room;
      return room;
    }

    @Override
    public synchronized void write(ByteBuffer bytes) throws IOException {
      super.write(bytes);
      room = false;
    }
  }
}
