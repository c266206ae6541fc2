package io.github.safeasync.internal.body;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.safeasync.OverLimit;
import io.github.safeasync.SlowClientException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The outbox on a container that notes each breach of the rules of WriteListener. */
@Timeout(60)
class OutboxTest {

  private final FakeSink sink = new FakeSink();
  private Outbox outbox = new Outbox(sink, FakeSink.LIMITS);

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static ByteBuffer zeros(int length) {
    return ByteBuffer.allocate(length);
  }

  @AfterEach
  void noRuleOfTheContainerWasBroken() {
    assertThat(sink.breaches).isEmpty();
  }

  @Nested
  class Whole {

    @Test
    void finish_ofAShortBody_writesItInOneGo() {
      outbox.write(bytes("a"));
      outbox.write(bytes("b"));
      assertThat(sink.events).isEmpty();
      outbox.finish(bytes("c"));
      assertThat(sink.text()).isEqualTo("abc");
      assertThat(sink.writes).containsExactly(3);
      assertThat(sink.events).containsExactly("whole 3", "finished");
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void write_whileTheExchangeStarts_goesOutOnceItHas_G1() {
      sink.starting = true;
      outbox.write(bytes("a"));
      outbox.finish(bytes("b"));
      assertThat(sink.events).isEmpty();
      sink.starting = false;
      outbox.signal();
      assertThat(sink.text()).isEqualTo("ab");
      assertThat(sink.events).containsExactly("whole 2", "finished");
    }

    @Test
    void write_whileTheExchangeStarts_isDroppedIfItEnds() {
      sink.starting = true;
      outbox.write(bytes("a"));
      sink.ended = true;
      outbox.signal();
      assertThat(sink.events).isEmpty();
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void sendError_replacesTheBodyThatWasHeld() {
      outbox.write(bytes("a"));
      assertThat(outbox.sendError(500, null)).isTrue();
      assertThat(outbox.write(bytes("b"))).isFalse();
      assertThat(outbox.finish(null)).isFalse();
      assertThat(sink.events).containsExactly("error 500", "finished");
      assertThat(outbox.pending().bytes()).isZero();
    }
  }

  @Nested
  class Streaming {

    @Test
    void write_waitsForTheFirstOnWritePossible() {
      outbox.write(bytes("a"));
      CompletableFuture<Boolean> flushed = outbox.flush();
      assertThat(sink.events).containsExactly("stream");
      outbox.writable();
      assertThat(sink.text()).isEqualTo("a");
      assertThat(flushed).isCompletedWithValue(true);
    }

    @Test
    void flush_isDone_whenTheContainerIsReadyAgain() {
      start();
      outbox.write(bytes("a"));
      sink.ready = false;
      CompletableFuture<Boolean> flushed = outbox.flush();
      assertThat(flushed).isNotDone();
      becomeReady();
      assertThat(flushed).isCompletedWithValue(true);
      assertThat(sink.events).endsWith("flush");
    }

    @Test
    void finish_waitsUntilTheFlushIsThrough_whereTheContainerWouldKeepTheEnd() {
      sink.needsFlushBeforeEnd = true;
      start();
      sink.readyAfterFlush = false;
      outbox.finish(bytes("end"));
      assertThat(sink.text()).endsWith("end");
      assertThat(sink.events).containsExactly("flush");
      becomeReady();
      assertThat(sink.events).containsExactly("flush", "finished");
    }

    /** Tomcat sends what a flush has left when it is asked whether it is ready, and not before. */
    @Test
    void containerIsAsked_afterAFlushThatNobodyWaitsFor() {
      start();
      sink.readyAfterFlush = false;
      outbox.writeAndFlush(bytes("the last event"));
      assertThat(sink.events).endsWith("flush");
      assertThat(sink.asked).isTrue();
      sink.asked = false;
      becomeReady();
      assertThat(sink.asked).isFalse();
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void flushOfAStreamThatEndsByItself_isToldOnce() {
      sink.declaredLength = 3;
      sink.endsByItself = true;
      start();
      sink.ready = false;
      outbox.write(bytes("abc"));
      CompletableFuture<Boolean> flushed = outbox.flush();
      outbox.finish(null);
      becomeReady();
      assertThat(sink.events).endsWith("finished");
      assertThat(flushed).isCompletedWithValue(true);
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void flush_isNotDone_beforeWhatCameAfterTheContainerWasAsked() {
      start();
      sink.ready = false;
      CompletableFuture<Boolean> flushed = outbox.flush();
      outbox.write(bytes("a"));
      CompletableFuture<Boolean> later = outbox.flush();
      assertThat(flushed).isNotDone();
      assertThat(later).isNotDone();
      becomeReady();
      assertThat(flushed).isCompletedWithValue(true);
      assertThat(later).isCompletedWithValue(true);
      assertThat(sink.text()).isEqualTo("a");
    }

    @Test
    void smallWrites_areCoalesced_acrossFlushes() {
      start();
      sink.ready = false;
      for (int i = 0; i < 100; i++) {
        outbox.writeAndFlush(zeros(10));
      }
      becomeReady();
      assertThat(sink.writes).hasSizeLessThanOrEqualTo(2);
      assertThat(sink.body.size()).isEqualTo(1000);
      assertThat(sink.events.stream().filter("flush"::equals)).hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void largeWrites_areSliced_soThatProgressShows() {
      start();
      outbox.write(zeros(200_000));
      assertThat(sink.writes).containsExactly(65_536, 65_536, 65_536, 3_392);
    }

    @Test
    void directBuffers_areWrittenWhole() {
      start();
      outbox.write(ByteBuffer.allocateDirect(100_000));
      outbox.write(ByteBuffer.allocateDirect(100).asReadOnlyBuffer());
      outbox.finish(null);
      assertThat(sink.body.size()).isEqualTo(100_100);
    }

    @Test
    void sendError_afterAFlushThatHasSentNothing_replacesTheBody() {
      outbox.write(bytes("a"));
      CompletableFuture<Boolean> flushed = outbox.flush();
      outbox.sendError(404, null);
      assertThat(sink.events).containsExactly("stream", "error 404", "finished");
      assertThat(flushed).isCompletedWithValue(false);
      assertThat(sink.text()).isEmpty();
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void sendError_afterAPart_isATruncation() {
      start();
      outbox.write(bytes("a"));
      outbox.sendError(500, "no");
      assertThat(sink.events).endsWith("truncated 500");
    }

    @Test
    void finish_waits_untilTheLastWriteIsTaken() {
      start();
      sink.ready = false;
      outbox.finish(bytes("a"));
      becomeReady();
      assertThat(sink.events).endsWith("finished");
      assertThat(sink.text()).isEqualTo("a");
    }

    @Test
    void failingWrite_dropsTheRest() {
      start();
      sink.thrownByWrite = new IOException("gone");
      outbox.write(bytes("a"));
      CompletableFuture<Boolean> flushed = outbox.flush();
      outbox.signal();
      assertThat(flushed).isCompletedWithValue(false);
      assertThat(sink.events).endsWith("failed");
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void failingHeartbeat_isToldApart() {
      start();
      sink.thrownByWrite = new IOException("gone");
      outbox.heartbeat(bytes(":\n\n"));
      assertThat(sink.events).endsWith("heartbeat failed");
    }
  }

  @Nested
  class ContentLength {

    @Test
    void finish_withLess_fails() {
      sink.declaredLength = 5;
      outbox.finish(bytes("abc"));
      assertThat(sink.failure).hasMessageContaining("has 3 bytes, its Content-Length declares 5");
      assertThat(sink.writes).isEmpty();
    }

    @Test
    void finish_ofAWholeBodyWithMore_fails() {
      sink.declaredLength = 2;
      outbox.finish(bytes("abc"));
      assertThat(sink.failure)
          .hasMessageContaining("has at least 3 bytes, its Content-Length declares 2");
    }

    @Test
    void write_ofMore_fails_andHandsOverNothingOfIt() {
      sink.declaredLength = 2;
      start();
      outbox.write(bytes("a"));
      outbox.write(bytes("bc"));
      assertThat(sink.failure).isInstanceOf(ContentLengthException.class);
      assertThat(sink.text()).isEqualTo("a");
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void finishOfAStream_withLess_fails() {
      sink.declaredLength = 5;
      start();
      outbox.finish(bytes("abc"));
      assertThat(sink.failure).hasMessageContaining("has 3 bytes, its Content-Length declares 5");
    }

    @Test
    void responseWithoutABody_takesAnyLength() {
      sink.declaredLength = 5;
      sink.takesBody = false;
      outbox.finish(bytes("abc"));
      assertThat(sink.events).containsExactly("whole 3", "finished");
      assertThat(sink.writes).isEmpty();
    }
  }

  @Nested
  class Backpressure {

    @Test
    void isWritable_untilTheMark_andCallsOnceAQuarterIsLeft() {
      limits(1000, 10_000, OverLimit.FAIL);
      start();
      sink.ready = false;
      outbox.write(zeros(999 - BodyItem.OVERHEAD));
      assertThat(outbox.pending().isWritable()).isTrue();
      outbox.write(zeros(1));
      assertThat(outbox.pending().isWritable()).isFalse();
      Queue<String> calls = new ArrayDeque<>();
      outbox.pending().whenWritable(() -> calls.add("one"));
      assertThat(outbox.pending().whenWritable(() -> calls.add("two")).remove()).isTrue();
      assertThat(calls).isEmpty();
      becomeReady();
      assertThat(calls).containsExactly("one");
      outbox.pending().whenWritable(() -> calls.add("now"));
      assertThat(calls).containsExactly("one", "now");
    }

    @Test
    void callback_comesWhenThreeQuartersOfTheMarkAreWritten_notSooner() {
      limits(4 * (20_000 + BodyItem.OVERHEAD), 100_000, OverLimit.FAIL);
      start();
      sink.ready = false;
      for (int i = 0; i < 4; i++) {
        outbox.write(zeros(20_000));
      }
      Queue<Long> calls = new ArrayDeque<>();
      outbox.pending().whenWritable(() -> calls.add(outbox.pending().bytes()));
      sink.readyOnce = true;
      becomeReady();
      becomeReady();
      assertThat(calls).isEmpty();
      becomeReady();
      assertThat(calls).containsExactly(20_000L + BodyItem.OVERHEAD);
    }

    @Test
    void callbackThatFillsTheRoomAndWaitsAgain_isRunOncePerRoom() {
      limits(1000, 10_000, OverLimit.FAIL);
      start();
      sink.ready = false;
      AtomicInteger runs = new AtomicInteger();
      outbox
          .pending()
          .whenWritable(
              new Runnable() {
                @Override
                public void run() {
                  runs.incrementAndGet();
                  outbox.write(zeros(1000));
                  outbox.pending().whenWritable(this);
                }
              });
      assertThat(runs).hasValue(1);
      sink.readyOnce = true;
      becomeReady();
      assertThat(runs).hasValue(2);
      assertThat(outbox.pending().bytes()).isEqualTo(1000 + BodyItem.OVERHEAD);
    }

    @Test
    void write_whileTheContainerIsAwaited_wakesNobody() {
      start();
      sink.ready = false;
      outbox.write(zeros(1));
      int turns = sink.turns;
      outbox.write(zeros(1));
      CompletableFuture<Boolean> flushed = outbox.flush();
      assertThat(sink.turns).isEqualTo(turns);
      becomeReady();
      assertThat(sink.text()).hasSize(2);
      assertThat(flushed).isCompletedWithValue(true);
    }

    @Test
    void write_whileTheContainerIsAwaited_isDroppedAtTheEnd() {
      start();
      sink.ready = false;
      outbox.write(zeros(1));
      outbox.write(zeros(1));
      CompletableFuture<Boolean> flushed = outbox.flush();
      sink.ended = true;
      outbox.signal();
      assertThat(flushed).isCompletedWithValue(false);
      assertThat(outbox.flush()).isCompletedWithValue(false);
      outbox.write(zeros(1));
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void fail_endsTheExchange_atTheLimit() {
      limits(1000, 2000, OverLimit.FAIL);
      start();
      sink.ready = false;
      assertThat(outbox.write(zeros(2000))).isTrue();
      assertThat(outbox.write(zeros(1))).isFalse();
      assertThat(sink.failure).isInstanceOf(SlowClientException.class);
      assertThat(sink.failure).hasMessageContaining("on top of 2128").hasMessageContaining("2000");
      outbox.signal();
      assertThat(outbox.pending().bytes()).isZero();
    }

    /** Else an application that writes nothing but line feeds, or flushes, would fill the heap. */
    @Test
    void whatHoldsTheBytes_countsToo() {
      limits(1000, 10_000, OverLimit.DROP_NEWEST);
      start();
      sink.ready = false;
      int accepted = 0;
      while (outbox.write(zeros(1))) {
        accepted++;
      }
      assertThat(accepted).isEqualTo(10_000 / (1 + BodyItem.OVERHEAD));
      becomeReady();
      assertThat(outbox.pending().bytes()).isZero();
      sink.ready = false;
      accepted = 0;
      while (!outbox.flush().isDone()) {
        accepted++;
      }
      assertThat(accepted).isEqualTo(10_000 / BodyItem.OVERHEAD);
      becomeReady();
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void whatHoldsTheBytes_isWhatTheHeapTakes() {
      assertCounted(of -> of.write(zeros(1)));
      assertCounted(of -> of.writeAndFlush(zeros(100)));
      assertCounted(of -> of.flush().minimalCompletionStage());
    }

    private static void assertCounted(Consumer<Outbox> call) {
      FakeSink sink = new FakeSink();
      Outbox of =
          new Outbox(sink, new Outbox.Limits(1 << 30, 1 << 30, OverLimit.FAIL, Duration.ZERO));
      of.flush();
      of.writable();
      sink.ready = false;
      call.accept(of);
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long counted = of.pending().bytes();
      long allocated = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 20_000; i++) {
        call.accept(of);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
      counted = of.pending().bytes() - counted;
      assertThat(allocated).isBetween(counted / 2, counted * 21 / 20);
      assertThat(sink.breaches).isEmpty();
    }

    @Test
    void oneWrite_isNeverTooMuch_whileItIsWritable() {
      limits(1000, 2000, OverLimit.FAIL);
      assertThat(outbox.write(zeros(100))).isTrue();
      assertThat(outbox.finish(zeros(999_900))).isTrue();
      outbox.writable();
      assertThat(sink.body.size()).isEqualTo(1_000_000);
    }

    @Test
    void dropNewest_refusesTheWrite_andStaysOpen() {
      limits(1000, 2000, OverLimit.DROP_NEWEST);
      start();
      sink.ready = false;
      outbox.write(zeros(2000));
      assertThat(outbox.write(bytes("dropped"))).isFalse();
      becomeReady();
      assertThat(outbox.write(bytes("next"))).isTrue();
      assertThat(sink.body.size()).isEqualTo(2004);
    }

    @Test
    void block_waitsForRoom() throws Exception {
      blocksWhileTheClientTakesNothing(1000, 2000);
      outbox.write(zeros(1000));
      CompletableFuture<Boolean> written =
          CompletableFuture.supplyAsync(() -> outbox.write(zeros(1000)));
      assertThat(written).isNotDone();
      becomeReady();
      assertThat(written.get(10, TimeUnit.SECONDS)).isTrue();
      assertThat(sink.body.size()).isEqualTo(2000);
    }

    @Test
    void block_goesOn_asSoonAsItsBytesFit() throws Exception {
      blocksWhileTheClientTakesNothing(100_000, 100_000);
      for (int i = 0; i < 5; i++) {
        outbox.write(zeros(20_000));
      }
      CompletableFuture<Boolean> written =
          CompletableFuture.supplyAsync(() -> outbox.write(zeros(20_000)));
      assertThat(written).isNotDone();
      sink.readyOnce = true;
      becomeReady();
      assertThat(written.get(10, TimeUnit.SECONDS)).isTrue();
      assertThat(outbox.pending().bytes()).isEqualTo(5 * (20_000 + BodyItem.OVERHEAD));
    }

    @Test
    void markBelowTheContainersBuffer_holdsNothingBack() {
      limits(50, 1000, OverLimit.FAIL);
      Queue<String> calls = new ArrayDeque<>();
      outbox.write(zeros(50));
      outbox.pending().whenWritable(() -> calls.add("room"));
      outbox.writable();
      assertThat(sink.writes).containsExactly(50);
      assertThat(calls).containsExactly("room");
    }

    @Test
    void block_isLetGo_atTheEnd() throws Exception {
      blocksWhileTheClientTakesNothing(1000, 2000);
      outbox.write(zeros(1500));
      CountDownLatch started = new CountDownLatch(1);
      CompletableFuture<Boolean> written =
          CompletableFuture.supplyAsync(
              () -> {
                started.countDown();
                return outbox.write(zeros(1000));
              });
      started.await();
      sink.ended = true;
      outbox.signal();
      written.get(10, TimeUnit.SECONDS);
      outbox.signal();
      assertThat(outbox.pending().bytes()).isZero();
    }

    @Test
    void block_interrupted_fails_soThatNothingLooksWhole() throws Exception {
      blocksWhileTheClientTakesNothing(1000, 2000);
      outbox.write(zeros(1000));
      Thread.currentThread().interrupt();
      assertThat(outbox.write(zeros(1000))).isFalse();
      assertThat(Thread.interrupted()).isTrue();
      assertThat(sink.failure).isInstanceOf(SlowClientException.class);
    }

    @Test
    void block_onAThreadThatMayNotWait_failsAtTheLimit() {
      limits(1000, 2000, OverLimit.BLOCK);
      start();
      sink.ready = false;
      assertThat(outbox.write(zeros(1200))).isTrue();
      assertThat(outbox.write(zeros(500))).isTrue();
      assertThat(outbox.write(zeros(1))).isFalse();
      assertThat(sink.events).endsWith("over limit");
    }
  }

  private void limits(long mark, long limit, OverLimit overLimit) {
    outbox = new Outbox(sink, new Outbox.Limits(mark, limit, overLimit, Duration.ZERO));
  }

  private void blocksWhileTheClientTakesNothing(long mark, long limit) {
    limits(mark, limit, OverLimit.BLOCK);
    sink.mayWait = true;
    start();
    sink.ready = false;
  }

  private void start() {
    outbox.flush();
    outbox.writable();
    sink.events.clear();
  }

  private void becomeReady() {
    sink.ready = true;
    outbox.writable();
  }

  /** A timer that the test turns. */
  @Nested
  class OfWriteTimeout {

    private final Queue<Runnable> timer = new ArrayDeque<>();
    private final Queue<Duration> delays = new ArrayDeque<>();
    private long now = -500;
    private int stalls;
    private final WriteTimeout stall =
        new WriteTimeout(Duration.ofNanos(1000), () -> now, this::schedule, () -> stalls++);

    private Future<?> schedule(Runnable task, Duration delay) {
      timer.add(task);
      delays.add(delay);
      return new CompletableFuture<>();
    }

    @Test
    void wait_overTheTimeout_isAStall() {
      stall.waiting();
      now += 1000;
      timer.remove().run();
      assertThat(stalls).isOne();
    }

    @Test
    void waits_armOneTimer_whichLooksAtTheLast() {
      stall.waiting();
      now += 600;
      stall.moved();
      stall.waiting();
      assertThat(timer).hasSize(1);
      now += 400;
      timer.remove().run();
      assertThat(stalls).isZero();
      assertThat(delays).containsExactly(Duration.ofNanos(1000), Duration.ofNanos(600));
      now += 600;
      timer.remove().run();
      assertThat(stalls).isOne();
    }

    @Test
    void timer_rests_whenNobodyWaits() {
      stall.waiting();
      stall.moved();
      now += 1000;
      timer.remove().run();
      assertThat(stalls).isZero();
      assertThat(timer).isEmpty();
      stall.waiting();
      assertThat(timer).hasSize(1);
    }

    private void aLateTimerLooks() {
      now += 20_000_000_000L;
      timer.remove().run();
    }

    /** As after a SIGSTOP: the container learns at the same time that its client reads. */
    @Test
    void timerThatIsLate_givesTheContainerAMoment_G7() {
      stall.waiting();
      aLateTimerLooks();
      stall.moved();
      now += 1_000_000_000;
      timer.remove().run();
      assertThat(stalls).isZero();
      assertThat(timer).isEmpty();
    }

    @Test
    void timerThatIsLate_clientThatTakesNothing_isAStallAMomentLater_G10() {
      stall.waiting();
      aLateTimerLooks();
      assertThat(stalls).isZero();
      now += 1_000_000_000;
      timer.remove().run();
      assertThat(stalls).isOne();
    }

    @Test
    void timerThatIsAlwaysLate_findsAStallAllTheSame_G10() {
      stall.waiting();
      for (int i = 0; i < 4; i++) {
        aLateTimerLooks();
      }
      assertThat(stalls).isOne();
    }

    @Test
    void end_isNoStall() {
      stall.waiting();
      stall.end();
      now += 1000;
      timer.remove().run();
      stall.waiting();
      assertThat(timer).isEmpty();
      assertThat(stalls).isZero();
    }
  }
}
