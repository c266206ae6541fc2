package io.github.safeasync.internal.detect;

import static io.github.safeasync.internal.detect.DetectorSettings.DEFAULTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.internal.detect.Mechanisms.TableKind;
import io.github.safeasync.testkit.Logs;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is thrown in the watcher's thread, nobody's watch is lost by it. */
class SurvivalTest {

  private static final class OtherError extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final List<Departure> gone = new CopyOnWriteArrayList<>();
  private final List<Wire> wires = new ArrayList<>();
  private final AtomicInteger failures = new AtomicInteger();
  private Detector detector;
  private Logs logs;

  static Stream<Supplier<Error>> errors() {
    return Stream.of(
        () -> new OutOfMemoryError("unable to create native thread"),
        StackOverflowError::new,
        OtherError::new);
  }

  @BeforeEach
  void start() throws Exception {
    logs = Logs.swallow();
    detector = Detector.start(DEFAULTS);
    detector.described().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    detector.close();
    for (Wire wire : wires) {
      wire.close();
    }
    logs.close();
    assertThat(DetectorTest.watcherThreads()).isEmpty();
  }

  private Wire wire() throws IOException {
    Wire wire = Wire.open();
    wires.add(wire);
    return wire;
  }

  private void failWith(Supplier<Error> error) {
    if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw error.get();
    }
  }

  private void oneIsStillWatched() throws Exception {
    int before = gone.size();
    Wire later = wire();
    detector.watch(later, gone::add);
    later.reset();
    await().until(() -> gone.size() == before + 1);
  }

  private void warnedOnce() {
    assertThat(logs.lines(Level.WARNING)).hasSize(1);
    assertThat(logs.throwables(Level.WARNING)).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("errors")
  void handOverThatFails_isMadeAgain_andTheOthersAreTold_G13(Supplier<Error> error)
      throws Exception {
    failures.set(3);
    for (int i = 0; i < 9; i++) {
      detector.watch(
          wire(),
          departure -> {
            failWith(error);
            gone.add(departure);
          });
    }
    await().until(() -> detector.watching() == 9);

    for (Wire wire : wires) {
      wire.reset();
    }

    await().until(() -> gone.size() == 9);
    await().until(() -> detector.watching() == 0);
    assertThat(failures).hasValue(0);
    oneIsStillWatched();
    warnedOnce();
  }

  @ParameterizedTest
  @MethodSource("errors")
  void handOverThatAlwaysFails_keepsNobodyElseFromHearing_G13(Supplier<Error> error)
      throws Exception {
    Wire poor = wire();
    failures.set(Integer.MAX_VALUE);
    detector.watch(poor, departure -> failWith(error));
    await().until(() -> detector.watching() == 1);
    poor.reset();
    await().until(() -> failures.get() < Integer.MAX_VALUE - 2);

    oneIsStillWatched();
    oneIsStillWatched();
    warnedOnce();
  }

  @ParameterizedTest
  @MethodSource("errors")
  void armingThatFails_isMadeAgain_G13(Supplier<Error> error) throws Exception {
    Wire wire = wire();
    failures.set(2);
    detector.watch(
        () -> {
          failWith(error);
          return wire;
        },
        gone::add);
    await().until(() -> detector.watching() == 1);
    wire.reset();
    await().until(() -> gone.size() == 1);
    warnedOnce();
  }

  @ParameterizedTest
  @MethodSource("errors")
  void armingThatAlwaysFails_saysThatAWriteTells_G13(Supplier<Error> error) throws Exception {
    failures.set(Integer.MAX_VALUE);
    HangUpWatch watch =
        detector.watch(
            () -> {
              failWith(error);
              return null;
            },
            gone::add);
    await().until(() -> watch.detection() == Detection.ON_WRITE);
    oneIsStillWatched();
  }

  @ParameterizedTest
  @MethodSource("errors")
  void streamThatFailsToAnswer_isAskedAgain_G13(Supplier<Error> error) throws Exception {
    Wire wire = wire();
    wire.multiplexed = true;
    wire.streamOpen =
        () -> {
          failWith(error);
          return false;
        };
    failures.set(3);
    detector.watch(wire, gone::add);
    await().until(() -> gone.size() == 1);
    oneIsStillWatched();
  }

  @Test
  void selectorThatIsClosed_isReplaced_withAllThatIsWatched_G13() throws Exception {
    Wire first = wire();
    Wire second = wire();
    HangUpWatch released = detector.watch(second, gone::add);
    detector.watch(first, gone::add);
    await().until(() -> detector.watching() == 2);

    Watcher watcher = detector.watcher;
    Selector before = watcher.selector();
    before.close();
    await().until(() -> watcher.selector() != before);

    released.release();
    await().until(() -> detector.watching() == 1);
    first.reset();
    await().until(() -> gone.size() == 1);
    oneIsStillWatched();
    warnedOnce();
  }

  /** A batch that was taken twice made an entry of the table's index follow itself. */
  @ParameterizedTest
  @MethodSource("errors")
  void lookThatFails_takesNoLineTwice_andLooksAgain_G13(Supplier<Error> error) throws Exception {
    Mechanisms scans = new Mechanisms(true, true, false, TableKind.PROC, false, 1_000, List.of());
    List<WatchedConnection> judged = new ArrayList<>();
    try (Selector selector = Selector.open();
        PollFlags flags = new PollFlags()) {
      Inspector looks = new Inspector(flags, scans, null, null);
      Suspects suspects =
          new Suspects(
              looks,
              (watched, verdict, now) -> {
                failWith(error);
                judged.add(watched);
              });
      long now = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        Wire wire = wire();
        WatchedConnection watched = new WatchedConnection(wire.channel(), false, false);
        watched.key = wire.channel().register(selector, SelectionKey.OP_READ, watched);
        watched.state = ConnectionState.SUSPECT;
        suspects.add(watched, now);
      }
      failures.set(1);
      assertThat(thrownBy(suspects, now)).isInstanceOf(error.get().getClass());
      assertThat(judged).isEmpty();

      assertThat(suspects.nextAt() - now).isPositive();
      suspects.run(now + Suspects.AGAIN_NANOS);

      assertThat(judged).hasSize(5).doesNotHaveDuplicates();
    }
  }

  private static Throwable thrownBy(Suspects suspects, long now) throws IOException {
    try {
      suspects.run(now);
      return null;
    } catch (Error thrown) {
      return thrown;
    }
  }
}
