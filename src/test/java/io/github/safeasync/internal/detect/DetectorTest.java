package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.internal.detect.DetectorSettings.Layer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** G6, G7 and G8 on plain channels, with no container. */
class DetectorTest {

  private static final Duration LONG_ENOUGH = Duration.ofMillis(400);

  private final List<Departure> gone = new CopyOnWriteArrayList<>();
  private Detector detector;
  private Wire wire;

  @BeforeEach
  void start() throws Exception {
    wire = Wire.open();
    use(DEFAULTS);
  }

  private void use(DetectorSettings settings) throws Exception {
    if (detector != null) {
      detector.close();
    }
    detector = Detector.start(settings);
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void noThreadAndNoKeyIsLeft() throws IOException {
    detector.close();
    wire.close();
    assertThat(watcherThreads()).isEmpty();
  }

  static List<Thread> watcherThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(Watchers.THREAD_NAME))
        .toList();
  }

  @Test
  void describe_namesTheLayers_G12() {
    assertThat(detector.describe()).startsWith("on: selector, poll flags, ");
    if (Runtime.version().feature() >= 22) {
      assertThat(detector.describe()).contains("sock_diag").doesNotContain("off:");
    } else {
      assertThat(detector.describe())
          .contains("/proc/net/tcp")
          .contains("off: sock_diag (needs JDK 22 or later)");
    }
  }

  private HangUpWatch watch() {
    return detector.watch(wire, gone::add);
  }

  private HangUpWatch armed() {
    int before = detector.watching();
    HangUpWatch watch = watch();
    await().until(() -> detector.watching() > before);
    return watch;
  }

  private void awaitEvidence(Evidence evidence) {
    await().atMost(Duration.ofSeconds(5)).until(() -> !gone.isEmpty());
    assertThat(gone).extracting(Departure::evidence).containsExactly(evidence);
    await().until(() -> detector.watching() == 0);
  }

  private void nothingIsReported() {
    await().during(LONG_ENOUGH).atMost(Duration.ofSeconds(5)).until(gone::isEmpty);
  }

  @Nested
  class Noticed {

    @Test
    void fin_isNoticed_G6() throws Exception {
      HangUpWatch watch = armed();
      assertThat(watch.detection()).isEqualTo(Detection.PUSH);
      wire.finish();
      awaitEvidence(Evidence.FIN);
      assertThat(gone.get(0).noticedBy()).startsWith("selector + ");
    }

    @Test
    void rst_isNoticed_G6() throws Exception {
      armed();
      wire.reset();
      awaitEvidence(Evidence.RST);
    }

    @Test
    void finWithinGrace_isNoticed_G6() throws Exception {
      watch();
      wire.finish();
      awaitEvidence(Evidence.FIN);
    }

    @Test
    void rstWithinGrace_isNoticed_G6() throws Exception {
      watch();
      wire.reset();
      awaitEvidence(Evidence.RST);
    }

    @Test
    void finBehindUnreadBytes_isNoticed_G6() throws Exception {
      wire.send(100);
      armed();
      nothingIsReported();
      wire.finish();
      awaitEvidence(Evidence.FIN);
    }

    @Test
    void rstBehindUnreadBytes_isNoticed_G6() throws Exception {
      wire.send(100);
      armed();
      nothingIsReported();
      wire.reset();
      awaitEvidence(Evidence.RST);
    }

    /** Of so many the table is asked for all at once, and flags where it shows something. */
    @Test
    void behindUnreadBytesOfHundreds_finAndRstAreNoticed_G6() throws Exception {
      try (ServerSocketChannel listener = Wire.listen();
          Selector container = Selector.open()) {
        List<Wire> wires = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
          Wire each = Wire.open(listener, container);
          each.send(100);
          detector.watch(each, gone::add);
          wires.add(each);
        }
        await().until(() -> detector.watching() == wires.size());
        nothingIsReported();
        wires.get(298).finish();
        wires.get(299).reset();
        await().atMost(Duration.ofSeconds(20)).until(() -> gone.size() == 2);
        assertThat(gone)
            .extracting(Departure::evidence)
            .containsExactlyInAnyOrder(Evidence.FIN, Evidence.RST);
        for (Wire each : wires) {
          each.close();
        }
      }
    }

    @Test
    void closeNotifyThenFin_isNoticed_G6() throws Exception {
      wire.secure = true;
      armed();
      wire.send(31);
      wire.finish();
      awaitEvidence(Evidence.FIN);
    }

    @Test
    void finAfterBytesWereReadLate_isNoticed_G6() throws Exception {
      armed();
      wire.send(5000);
      nothingIsReported();
      assertThat(wire.containerReads()).isEqualTo(5000);
      nothingIsReported();
      wire.finish();
      awaitEvidence(Evidence.FIN);
    }

    @Test
    void everyWatchOnOneConnection_isTold_G6() throws Exception {
      wire.multiplexed = true;
      for (int i = 0; i < 100; i++) {
        watch();
      }
      await().until(() -> detector.watching() == 100);
      wire.finish();
      await().until(() -> gone.size() == 100);
      await().until(() -> detector.watching() == 0);
    }
  }

  @Nested
  class HalfClosed {

    @Test
    void disconnect_reportsFin() throws Exception {
      armed();
      wire.halfClose();
      awaitEvidence(Evidence.FIN);
    }

    @Test
    void ignore_reportsOnlyTheReset() throws Exception {
      use(DEFAULTS.withHalfClose(HalfClose.IGNORE));
      armed();
      wire.halfClose();
      nothingIsReported();
      wire.finish();
      nothingIsReported();
      wire.containerWrites();
      awaitEvidence(Evidence.RST);
    }

    @Test
    void confirmOnWrite_reportsTheResetThatAnswersAWrite() throws Exception {
      use(DEFAULTS.withHalfClose(HalfClose.CONFIRM_ON_WRITE));
      HangUpWatch watch = armed();
      wire.finish();
      nothingIsReported();
      wire.containerWrites();
      watch.written();
      awaitEvidence(Evidence.RST);
    }

    @Test
    void confirmOnWrite_leavesAClientThatStillListens_G7() throws Exception {
      use(DEFAULTS.withHalfClose(HalfClose.CONFIRM_ON_WRITE));
      HangUpWatch watch = armed();
      wire.halfClose();
      nothingIsReported();
      wire.containerWrites();
      watch.written();
      nothingIsReported();
      watch.release();
    }
  }

  @Nested
  class PollingOnly {

    @BeforeEach
    void pollOnly() throws Exception {
      use(DEFAULTS.withLayers(EnumSet.of(Layer.TABLE_POLLING)));
    }

    @Test
    void fin_isNoticed_G6() throws Exception {
      assertThat(armed().detection()).isEqualTo(Detection.POLL);
      wire.finish();
      awaitEvidence(Evidence.FIN);
      assertThat(gone.get(0).noticedBy()).startsWith("polling + ");
    }

    @Test
    void rst_isNoticed_G6() throws Exception {
      detector.watch(wire.local(), wire.peer(), gone::add);
      await().until(() -> detector.watching() == 1);
      nothingIsReported();
      wire.reset();
      awaitEvidence(Evidence.RST);
    }

    @Test
    void seenInTheTable_staysPoll_G12() throws Exception {
      HangUpWatch watch = armed();
      await().during(LONG_ENOUGH).until(() -> watch.detection() == Detection.POLL);
    }

    /** As of a connection in another network namespace, or behind a forged address. */
    @Test
    void addressesThatWereNeverSeen_sayNothing_butThatOnlyAWriteTells_G7_G12() throws Exception {
      Wire other = Wire.open();
      var local = other.local();
      var remote = other.peer();
      other.reset();
      other.close();
      HangUpWatch watch = detector.watch(local, remote, gone::add);
      await().until(() -> watch.detection() == Detection.ON_WRITE);
      nothingIsReported();
      assertThat(watch.detection()).isEqualTo(Detection.ON_WRITE);
    }

    @Test
    void seenLate_becomesPoll_andIsNoticed_G6_G12() throws Exception {
      try (ServerSocketChannel listener = Wire.listen();
          Selector container = Selector.open()) {
        InetSocketAddress server = (InetSocketAddress) listener.getLocalAddress();
        InetSocketAddress client = freePort();
        HangUpWatch watch = detector.watch(server, client, gone::add);
        await().until(() -> watch.detection() == Detection.ON_WRITE);
        try (Wire late = Wire.open(listener, container, client)) {
          await().until(() -> watch.detection() == Detection.POLL);
          late.finish();
          awaitEvidence(Evidence.FIN);
        }
      }
    }

    private InetSocketAddress freePort() throws IOException {
      try (ServerSocketChannel taken = Wire.listen()) {
        return (InetSocketAddress) taken.getLocalAddress();
      }
    }

    @Test
    void blockingChannel_isPolled_G6() throws Exception {
      use(DEFAULTS);
      try (ServerSocketChannel listener = Wire.listen();
          SocketChannel client = SocketChannel.open(listener.getLocalAddress());
          SocketChannel blocking = listener.accept()) {
        polled(blocking);
        client.close();
        awaitEvidence(Evidence.FIN);
      }
    }

    @Test
    void channelOfAnotherProvider_isPolled_G6() throws Exception {
      use(DEFAULTS);
      polled(new ForeignChannel(wire.server));
      wire.finish();
      awaitEvidence(Evidence.FIN);
    }

    private void polled(SocketChannel channel) {
      HangUpWatch watch = detector.watch(new Reached(channel), gone::add);
      await().until(() -> detector.watching() == 1);
      assertThat(watch.detection()).isEqualTo(Detection.POLL);
      nothingIsReported();
      assertThat(gone).isEmpty();
    }

    @Test
    void closedChannel_isNotWatched_G7() throws Exception {
      use(DEFAULTS);
      wire.containerCloses();
      HangUpWatch watch = watch();
      await().until(() -> watch.detection() == Detection.ON_WRITE);
      nothingIsReported();
      assertThat(detector.watching()).isZero();
    }
  }

  @Nested
  class Released {

    @Test
    void withinGrace_nothingIsArmed_G11() throws Exception {
      HangUpWatch watch = watch();
      watch.release();
      wire.finish();
      nothingIsReported();
      assertThat(detector.watching()).isZero();
    }

    @Test
    void armed_keyIsGone_G8() throws Exception {
      HangUpWatch watch = armed();
      watch.release();
      watch.release();
      await().until(() -> detector.watching() == 0);
      wire.finish();
      nothingIsReported();
    }
  }
}
