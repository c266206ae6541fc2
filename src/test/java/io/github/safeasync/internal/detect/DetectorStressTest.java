package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Evidence;
import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** G7 and G8 under load, on plain channels. */
class DetectorStressTest {

  private final List<Departure> gone = new CopyOnWriteArrayList<>();
  private Detector detector;
  private Selector container;
  private ServerSocketChannel listener;

  @BeforeEach
  void start() throws Exception {
    detector = Detector.start(DEFAULTS.withGrace(Duration.ZERO));
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
    container = Selector.open();
    listener = Wire.listen();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    await().until(() -> detector.watching() == 0);
    detector.close();
    listener.close();
    container.close();
    assertThat(DetectorTest.watcherThreads()).isEmpty();
  }

  @Test
  void tenThousandQuickPairs_leaveNothing_G11() throws Exception {
    try (Wire wire = Wire.open(listener, container)) {
      for (int i = 0; i < 10_000; i++) {
        detector.watch(wire, gone::add).release();
      }
    }
    assertThat(gone).isEmpty();
  }

  /** A request, a watch, an answer, on one connection, as keep-alive does; the reader races us. */
  @Test
  void keepAliveRounds_areNeverTakenForAHangUp_G7() throws Exception {
    try (Wire wire = Wire.open(listener, container)) {
      wire.atRest = () -> true;
      ByteBuffer buffer = ByteBuffer.allocate(64);
      for (int i = 0; i < 20_000; i++) {
        wire.send(1 + i % 40);
        HangUpWatch watch = null;
        if (i % 2 == 0) {
          watch = detector.watch(wire, gone::add);
        }
        int read = 0;
        while (read < 1 + i % 40) {
          buffer.clear();
          read += wire.server.read(buffer);
        }
        if (watch == null) {
          watch = detector.watch(wire, gone::add);
        }
        watch.bodyRead();
        wire.containerWrites();
        watch.release();
        buffer.clear().limit(1);
        wire.client.read(buffer);
      }
      assertThat(gone).isEmpty();
    }
  }

  @Test
  void uploadBeingRead_isNeverTakenForAHangUp_G7() throws Exception {
    long bytes = 64L << 20;
    try (Wire wire = Wire.open(listener, container);
        Selector reading = Selector.open()) {
      HangUpWatch watch = detector.watch(wire, gone::add);
      Thread sender =
          new Thread(
              () -> {
                try {
                  for (long sent = 0; sent < bytes; ) {
                    sent += wire.client.write(ByteBuffer.allocate(16_384));
                  }
                } catch (IOException e) {
                  gone.add(new Departure(Evidence.WRITE_FAILED, java.time.Instant.now(), "test"));
                }
              });
      sender.start();
      wire.server.register(reading, SelectionKey.OP_READ);
      ByteBuffer buffer = ByteBuffer.allocate(32_768);
      for (long read = 0; read < bytes; ) {
        reading.select(1000);
        reading.selectedKeys().clear();
        buffer.clear();
        read += wire.server.read(buffer);
      }
      sender.join();
      assertThat(gone).isEmpty();
      wire.finish();
      await().until(() -> gone.size() == 1);
      watch.release();
    }
  }

  @Test
  void trickle_isNeverTakenForAHangUpAndLeavesTheWatcherIdle_G7() throws Exception {
    try (Wire wire = Wire.open(listener, container)) {
      HangUpWatch watch = detector.watch(wire, gone::add);
      watch.bodyRead();
      ByteBuffer buffer = ByteBuffer.allocate(64);
      for (int i = 0; i < 1_000; i++) {
        wire.send(1);
        while (wire.server.read(buffer) == 0) {
          Thread.onSpinWait();
        }
        buffer.clear();
        if (i % 10 == 0) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
      }
      assertThat(gone).isEmpty();
      watch.release();
    }
  }

  @Test
  void releaseRacingTheHangUp_tellsAtMostOnce_G2() throws Exception {
    Thread.interrupted();
    AtomicInteger told = new AtomicInteger();
    for (int round = 0; round < 500; round++) {
      try (Wire wire = Wire.open(listener, container)) {
        AtomicInteger calls = new AtomicInteger();
        AtomicBoolean released = new AtomicBoolean();
        HangUpWatch watch = detector.watch(wire, departure -> calls.incrementAndGet());
        await().pollInterval(Duration.ofMillis(1)).until(() -> detector.watching() == 1);
        CyclicBarrier barrier = new CyclicBarrier(2);
        Thread other =
            new Thread(
                () -> {
                  try {
                    barrier.await();
                    TimeUnit.MICROSECONDS.sleep((long) (Math.random() * 500));
                    watch.release();
                    released.set(true);
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
        other.start();
        barrier.await();
        wire.finish();
        other.join();
        assertThat(released).isTrue();
        await().pollInterval(Duration.ofMillis(1)).until(() -> detector.watching() == 0);
        assertThat(calls.get()).isLessThanOrEqualTo(1);
        told.addAndGet(calls.get());
      }
    }
  }

  @Test
  void manyAtOnce_areAllNoticed_G6() throws Exception {
    List<Wire> wires = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Wire wire = Wire.open(listener, container);
      wires.add(wire);
      detector.watch(wire, gone::add);
    }
    await().until(() -> detector.watching() == 2_000);
    for (int i = 0; i < wires.size(); i++) {
      if (i % 2 == 0) {
        wires.get(i).finish();
      } else {
        wires.get(i).reset();
      }
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> gone.size() == 2_000);
    assertThat(gone).filteredOn(each -> each.evidence() == Evidence.FIN).hasSize(1_000);
    assertThat(gone).filteredOn(each -> each.evidence() == Evidence.RST).hasSize(1_000);
    for (Wire wire : wires) {
      wire.close();
    }
  }

  /** The same two ports again, once the first connection was reset. */
  @Test
  void reusedPort_isAnotherConnection_G7() throws Exception {
    int reused = 0;
    for (int i = 0; i < 50; i++) {
      Wire first = Wire.open(listener, container);
      var port = first.peer();
      detector.watch(first, gone::add);
      await().pollInterval(Duration.ofMillis(1)).until(() -> detector.watching() == 1);
      first.reset();
      await().until(() -> gone.size() == 1);
      first.containerCloses();
      gone.clear();
      try (Wire second = Wire.open(listener, container, port)) {
        HangUpWatch again = detector.watch(second, gone::add);
        await().pollInterval(Duration.ofMillis(1)).until(() -> detector.watching() == 1);
        again.release();
        await().until(() -> detector.watching() == 0);
        reused++;
      } catch (BindException e) {
        // Another process of this machine was given the port meanwhile.
        continue;
      }
    }
    assertThat(gone).isEmpty();
    assertThat(reused).isPositive();
  }
}
