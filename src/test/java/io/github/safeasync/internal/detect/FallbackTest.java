package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.Evidence;
import io.github.safeasync.HalfClose;
import io.github.safeasync.internal.detect.Mechanisms.TableKind;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left where a mechanism is missing. */
class FallbackTest {

  private static final List<String> MISSING = List.of("left out for a test");
  private static final Mechanisms NO_TABLE =
      new Mechanisms(true, true, true, TableKind.NONE, false, 0, MISSING);
  private static final Mechanisms TEXT =
      new Mechanisms(true, true, true, TableKind.PROC, true, 4_000_000, MISSING);
  private static final Mechanisms BARE =
      new Mechanisms(true, false, false, TableKind.NONE, false, 0, MISSING);
  private static final Mechanisms TEXT_WITHOUT_FLAGS =
      new Mechanisms(true, false, false, TableKind.PROC, true, 4_000_000, MISSING);
  private static final Mechanisms TEXT_WITHOUT_SELECTOR =
      new Mechanisms(false, true, false, TableKind.PROC, true, 4_000_000, MISSING);

  private final List<Departure> gone = new CopyOnWriteArrayList<>();
  private Detector detector;
  private Wire wire;

  @BeforeEach
  void start() throws Exception {
    wire = Wire.open();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (detector != null) {
      detector.close();
    }
    Watchers.assume(null);
    wire.close();
    assertThat(DetectorTest.watcherThreads()).isEmpty();
  }

  private HangUpWatch armed(Mechanisms mechanisms, DetectorSettings settings) throws Exception {
    Watchers.assume(mechanisms);
    detector = Detector.start(settings);
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
    assertThat(detector.describe()).contains("left out for a test");
    HangUpWatch watch = detector.watch(wire, gone::add);
    await().until(() -> detector.watching() == 1);
    return watch;
  }

  private void awaitEvidence(Evidence evidence) {
    await().until(() -> !gone.isEmpty());
    assertThat(gone).extracting(Departure::evidence).containsExactly(evidence);
    await().until(() -> detector.watching() == 0);
  }

  private void nothingIsReported() {
    await().during(Duration.ofMillis(300)).until(gone::isEmpty);
  }

  @Test
  void noTable_rstIsToldByTheFlags() throws Exception {
    armed(NO_TABLE, DEFAULTS);
    wire.reset();
    awaitEvidence(Evidence.RST);
  }

  @Test
  void noTable_finIsToldBySpacedLooksOnceTheBodyIsRead() throws Exception {
    HangUpWatch watch = armed(NO_TABLE, DEFAULTS);
    wire.finish();
    nothingIsReported();
    watch.bodyRead();
    awaitEvidence(Evidence.CONNECTION_LOST);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + spaced looks");
  }

  @Test
  void noTable_unreadBytesAreNoEnd_G7() throws Exception {
    HangUpWatch watch = armed(BARE, DEFAULTS);
    watch.bodyRead();
    wire.send(10);
    nothingIsReported();
    wire.finish();
    nothingIsReported();
    wire.containerReads();
    awaitEvidence(Evidence.CONNECTION_LOST);
  }

  @Test
  void atRest_finIsToldByRepeatedLooksWithoutATable_G6() throws Exception {
    wire.atRest = () -> true;
    HangUpWatch watch = armed(NO_TABLE, DEFAULTS);
    wire.finish();
    nothingIsReported();
    watch.bodyRead();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + repeated looks");
  }

  @Test
  void atRest_noTextIsReadForAFin_G6() throws Exception {
    wire.atRest = () -> true;
    armed(TEXT, DEFAULTS).bodyRead();
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + repeated looks");
  }

  /** The next request, and the FIN behind it, are the table's affair. */
  @Test
  void atRest_unreadBytesAreNoEnd_G7() throws Exception {
    wire.atRest = () -> true;
    armed(TEXT, DEFAULTS).bodyRead();
    wire.send(10);
    nothingIsReported();
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + /proc/net/tcp");
  }

  @Test
  void atRest_resetIsNoFin_G6() throws Exception {
    wire.atRest = () -> true;
    armed(NO_TABLE, DEFAULTS).bodyRead();
    wire.reset();
    awaitEvidence(Evidence.RST);
  }

  /** What has been looked at meanwhile proves nothing. */
  @Test
  void atRestBeforeTheLooksAndNotAfterwards_theTableIsAsked_G7() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    wire.atRest = () -> asked.incrementAndGet() % 2 == 1;
    armed(TEXT, DEFAULTS).bodyRead();
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + /proc/net/tcp");
  }

  @Test
  void atRestWithHalfCloseIgnored_isNeverTakenForMore_G7() throws Exception {
    wire.atRest = () -> true;
    HangUpWatch watch = armed(TEXT, DEFAULTS.withHalfClose(HalfClose.IGNORE));
    watch.bodyRead();
    wire.halfClose();
    nothingIsReported();
    wire.containerWrites();
    nothingIsReported();
    watch.release();
  }

  /** As after a TLS alert, which nobody reads. */
  @Test
  void atRest_finBehindAnAlertIsToldByQuickAcks_G6() throws Exception {
    ofTls();
    wire.send(24);
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + quick acks");
  }

  @Test
  void atRest_whatIsSentTurnsQuickAcksOffAsWell_theTableIsAsked_G7() throws Exception {
    ofTls();
    wire.send(24);
    wire.unanswered = false;
    wire.containerWrites();
    nothingIsReported();
    wire.clientReads();
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + /proc/net/tcp");
  }

  /** More than an alert, such as the next request. */
  @Test
  void atRest_otherBytesOfTls_theTableIsAsked_G7() throws Exception {
    ofTls();
    wire.send(100);
    wire.finish();
    awaitEvidence(Evidence.FIN);
    assertThat(gone.get(0).noticedBy()).isEqualTo("selector + /proc/net/tcp");
  }

  /** For so long that the kernel has acknowledged what had come. */
  private void ofTls() throws Exception {
    wire.secure = true;
    wire.atRest = () -> true;
    wire.unanswered = true;
    armed(TEXT, DEFAULTS).bodyRead();
    nothingIsReported();
  }

  /** Its close_notify hides the FIN, as the bytes above do; a reset is told all the same. */
  @Test
  void noTable_ofATlsConnectionNothingIsPromised_G12() throws Exception {
    wire.secure = true;
    HangUpWatch watch = armed(NO_TABLE, DEFAULTS);
    await().until(() -> watch.detection() == Detection.ON_WRITE);
    wire.reset();
    awaitEvidence(Evidence.RST);
  }

  @Test
  void noTable_halfCloseIgnored_isNeverTakenForMore_G7() throws Exception {
    HangUpWatch watch = armed(BARE, DEFAULTS.withHalfClose(HalfClose.IGNORE));
    watch.bodyRead();
    wire.halfClose();
    nothingIsReported();
    watch.release();
  }

  @Test
  void textWithoutFlags_rstIsToldByTheMissingRowOnceItWasSeen() throws Exception {
    armed(TEXT_WITHOUT_FLAGS, DEFAULTS);
    wire.send(1);
    nothingIsReported();
    wire.reset();
    awaitEvidence(Evidence.RST);
  }

  @Test
  void textWithoutSelector_polls() throws Exception {
    assertThat(armed(TEXT_WITHOUT_SELECTOR, DEFAULTS).detection()).isEqualTo(Detection.POLL);
    nothingIsReported();
    wire.reset();
    awaitEvidence(Evidence.RST);
  }

  @Test
  void nothingAtAll_isSaid() throws Exception {
    Watchers.assume(Mechanisms.none("left out for a test"));
    detector = Detector.start(DEFAULTS);
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
    HangUpWatch watch = detector.watch(wire, gone::add);
    await().until(() -> watch.detection() == Detection.ON_WRITE);
    assertThat(detector.watching()).isZero();
  }

  @Test
  void closedStream_isAReset() throws Exception {
    AtomicBoolean open = new AtomicBoolean(true);
    wire.multiplexed = true;
    wire.streamOpen = open::get;
    HangUpWatch watch = armed(NO_TABLE, DEFAULTS);
    nothingIsReported();
    open.set(false);
    awaitEvidence(Evidence.HTTP2_RESET);
    watch.release();
  }

  @Test
  void streamThatCannotBeAsked_saysNothing_G7() throws Exception {
    wire.streamOpen =
        () -> {
          throw new IllegalStateException("recycled");
        };
    armed(NO_TABLE, DEFAULTS);
    nothingIsReported();
  }

  @Test
  void unixDomainSocket_isWatchedByTheFlags(@TempDir Path directory) throws Exception {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
    try (ServerSocketChannel listener =
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
        Selector container = Selector.open();
        Wire unix = Wire.open(listener, container)) {
      detector = Detector.start(DEFAULTS);
      HangUpWatch watch = detector.watch(unix, gone::add);
      await().until(() -> detector.watching() == 1);
      assertThat(watch.detection()).isEqualTo(Detection.PUSH);
      unix.halfClose();
      nothingIsReported();
      unix.finish();
      awaitEvidence(Evidence.CONNECTION_LOST);
    }
  }
}
