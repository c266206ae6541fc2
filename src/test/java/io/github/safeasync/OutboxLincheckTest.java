package io.github.safeasync;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/** Writes race with the container's calls and with every end: nothing may be left lying. */
class OutboxLincheckTest {

  /** A response that is streamed already, to a client that has taken one write. */
  public abstract static class Stream {

    private final Container container = new Container();
    private final Outbox outbox =
        new Outbox(
            container, new Outbox.Limits(1 << 20, 1 << 20, OverLimit.FAIL, Duration.ofSeconds(1)));
    private final AtomicInteger accepted = new AtomicInteger();

    Stream(int writes) {
      outbox.flush();
      outbox.writable();
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
      check(container.breaches.isEmpty(), container.breaches + " were done");
      check(container.failure == null, container.failure + " was told");
      long left = outbox.pending().bytes();
      check(left == 0, left + " bytes were left lying");
      check(!outbox.stall().isWaiting(), "who has taken all is taken for stalled");
      boolean isWhole = !container.ended || container.events.contains("finished");
      int written = container.body.size();
      check(!isWhole || written == accepted.get(), written + " of " + accepted + " were written");
      check(container.ended || !outbox.isClosed(), "the end was left lying");
    }

    private static void check(boolean held, String breach) {
      if (!held) {
        throw new AssertionError(breach);
      }
    }
  }

  /** The client has no room, and the container was not asked. */
  public static final class AtRest extends Stream {

    public AtRest() {
      super(1);
    }
  }

  /** The container was asked, and is awaited. */
  public static final class Awaiting extends Stream {

    public Awaiting() {
      super(2);
    }
  }

  @Test
  void atRest_nothingIsLeftLying_inEveryInterleaving() {
    check(AtRest.class);
  }

  @Test
  void awaiting_nothingIsLeftLying_inEveryInterleaving() {
    check(Awaiting.class);
  }

  private static void check(Class<? extends Stream> stream) {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(1)
        .actorsBefore(0)
        .actorsAfter(0)
        .iterations(30)
        .invocationsPerIteration(400)
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
