package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.KeepAlive;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** G8: nothing is held once the exchange, or the container's connection, has ended. */
class ReleaseTest {

  private final List<Departure> gone = new CopyOnWriteArrayList<>();
  private Detector detector;
  private Wire wire;

  @BeforeEach
  void start() throws Exception {
    detector = Detector.start(DEFAULTS);
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
    wire = Wire.open();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    wire.close();
    detector.close();
    assertThat(DetectorTest.watcherThreads()).isEmpty();
  }

  private HangUpWatch armed() {
    HangUpWatch watch = detector.watch(wire, gone::add);
    await().until(() -> detector.watching() == 1);
    return watch;
  }

  /** How long the client waits for the end of the connection, in milliseconds. */
  private long clientSeesTheEndWithin() throws IOException {
    wire.client.socket().setSoTimeout(5000);
    long start = System.nanoTime();
    try {
      assertThat(wire.client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    } catch (IOException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  @Test
  void containerAbortsAfterRelease_clientSeesTheResetAtOnce_G8() throws Exception {
    armed().release();
    wire.server.setOption(StandardSocketOptions.SO_LINGER, 0);
    wire.containerCloses();
    assertThat(clientSeesTheEndWithin()).isLessThan(4000);
    assertThat(gone).isEmpty();
  }

  @Test
  void containerAbortsWhileWatched_clientSeesTheResetWithinTheBackstop_G8() throws Exception {
    HangUpWatch watch = armed();
    wire.server.setOption(StandardSocketOptions.SO_LINGER, 0);
    wire.containerCloses();
    assertThat(clientSeesTheEndWithin()).isLessThan(4000);
    await().during(Duration.ofMillis(300)).until(gone::isEmpty);
    watch.release();
    await().until(() -> detector.watching() == 0);
  }

  @Test
  void containerShutsItsSide_thenTheClientCloses_isNoDeparture_G7() throws Exception {
    HangUpWatch watch = armed();
    wire.server.shutdownOutput();
    wire.finish();
    await().during(Duration.ofMillis(300)).until(gone::isEmpty);
    watch.release();
  }

  @Test
  void afterRelease_theChannelCanBeMadeBlocking_G8() throws Exception {
    HangUpWatch watch = armed();
    assertThat(wire.server.isRegistered()).isTrue();
    watch.release();
    await().until(() -> detector.watching() == 0);
    wire.server.keyFor(wire.selector()).cancel();
    wire.selector().selectNow();
    await().until(() -> !wire.server.isRegistered());
    wire.server.configureBlocking(true);
  }

  @Test
  void blockingChannel_isPolledInstead() throws Exception {
    wire.server.keyFor(wire.selector()).cancel();
    wire.selector().selectNow();
    wire.server.configureBlocking(true);
    HangUpWatch watch = armed();
    assertThat(watch.detection()).isEqualTo(Detection.POLL);
    wire.finish();
    await().until(() -> gone.size() == 1);
  }

  @Test
  void closedChannel_isWatchedByNothing() throws Exception {
    wire.containerCloses();
    HangUpWatch watch = detector.watch(wire, gone::add);
    await().until(() -> watch.detection() == Detection.ON_WRITE);
    assertThat(detector.watching()).isZero();
  }

  @Test
  void sameChannelAgain_isWatchedAgain() throws Exception {
    for (int i = 0; i < 20; i++) {
      armed().release();
      await().until(() -> detector.watching() == 0);
    }
    armed();
    wire.finish();
    await().until(() -> gone.size() == 1);
  }

  @Test
  void keepAlive_isSetWhileWatchedAndPutBack() throws Exception {
    detector.close();
    detector = Detector.start(DEFAULTS.withKeepAlive(new KeepAlive(7, 3, 2)));
    int before = wire.server.getOption(ExtendedSocketOptions.TCP_KEEPIDLE);
    HangUpWatch watch = armed();
    assertThat(wire.server.getOption(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
    assertThat(wire.server.getOption(ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(7);
    watch.release();
    await().until(() -> !wire.server.getOption(StandardSocketOptions.SO_KEEPALIVE));
    assertThat(wire.server.getOption(ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(before);
  }

  @Test
  void keepAlive_isPutBackWhenTheDetectorCloses() throws Exception {
    detector.close();
    detector = Detector.start(DEFAULTS.withKeepAlive(new KeepAlive(7, 3, 2)));
    armed();
    detector.close();
    assertThat(wire.server.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
  }

  @Test
  void closedDetector_leavesTheOthersAlone() throws Exception {
    try (Detector other = Detector.start(DEFAULTS)) {
      armed();
      List<Departure> others = new CopyOnWriteArrayList<>();
      other.watch(wire, others::add);
      await().until(() -> other.watching() == 1);
      detector.close();
      await().until(() -> detector.watching() == 0);
      wire.finish();
      await().until(() -> others.size() == 1);
      assertThat(gone).isEmpty();
      assertThat(detector.watch(wire, gone::add).detection()).isEqualTo(Detection.ON_WRITE);
    }
  }

  @Test
  void supplier_isNotAskedAfterARelease() throws Exception {
    detector
        .watch(
            () -> {
              throw new AssertionError("asked");
            },
            gone::add)
        .release();
    HangUpWatch failing =
        detector.watch(
            () -> {
              throw new IllegalStateException("recycled");
            },
            gone::add);
    await().until(() -> failing.detection() == Detection.ON_WRITE);
    detector.watch(() -> wire, gone::add);
    await().until(() -> detector.watching() == 1);
    wire.finish();
    await().until(() -> gone.size() == 1);
  }

  @Test
  void thread_holdsNothingOfItsStarter() {
    Thread thread = DetectorTest.watcherThreads().get(0);
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getContextClassLoader()).isEqualTo(Detector.class.getClassLoader());
  }

  @Test
  void settings_areChecked() {
    assertThatThrownBy(() -> DEFAULTS.withGrace(Duration.ofMillis(-1)))
        .hasMessageContaining("grace");
    assertThatThrownBy(() -> new KeepAlive(0, 1, 1)).hasMessageContaining("idleSeconds");
  }
}
