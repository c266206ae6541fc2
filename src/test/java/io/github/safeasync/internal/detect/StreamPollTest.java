package io.github.safeasync.internal.detect;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Detection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On a clock of its own, in which nothing takes time but asking. */
class StreamPollTest {

  private static final long MICRO = 1_000;
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000 * MILLI;

  private final Detector detector = Detector.start(DetectorSettings.DEFAULTS);
  private final WatchQueue queue = new WatchQueue(DetectorSettings.DEFAULTS);
  private final StreamPoll poll = new StreamPoll(() -> StreamPollTest.this.now);
  private long now = 17 * SECOND;
  private long asked;

  @AfterEach
  void close() {
    detector.close();
  }

  private ExchangeWatch watch(long due) {
    Mailbox mailbox = requireNonNull(detector.watcher).mailbox;
    return new ExchangeWatch(queue, mailbox, null, (gone, since) -> {}, Detection.POLL, due);
  }

  private final class Stream {
    private final ExchangeWatch watch = watch(now);
    private boolean open = true;

    Stream() {
      poll.add(watch, this::ask, now);
    }

    private boolean ask() {
      asked++;
      now += MICRO;
      return open;
    }
  }

  private List<ExchangeWatch> atTheNextLook() {
    now = Math.max(now, poll.nextAt());
    return poll.run(now);
  }

  private void lookUntil(long end) {
    while (poll.nextAt() - end < 0) {
      assertThat(atTheNextLook()).isEmpty();
    }
    now = end;
  }

  @Test
  void resetJustAfterALook_isToldWithinTwentyMillis_G6() {
    Stream neighbour = new Stream();
    Stream stream = new Stream();
    assertThat(atTheNextLook()).isEmpty();
    stream.open = false;
    long reset = now;
    assertThat(atTheNextLook()).isEmpty();
    assertThat(atTheNextLook()).containsExactly(stream.watch);
    assertThat(now - reset).isBetween(0L, 18 * MILLI);
    assertThat(neighbour.watch.streamSuspected).isFalse();
  }

  @Test
  void resetThatTheContainerTellsOf_isToldAtOnce_G6() {
    Stream neighbour = new Stream();
    Stream stream = new Stream();
    assertThat(atTheNextLook()).isEmpty();
    stream.open = false;
    poll.told(stream.watch);
    poll.told(neighbour.watch);
    assertThat(poll.run(now)).containsExactly(stream.watch);
    assertThat(poll.run(now)).isEmpty();
  }

  @Test
  void suspectedStreamThatTheContainerTellsOf_isToldOnce_G6() {
    Stream stream = new Stream();
    stream.open = false;
    assertThat(atTheNextLook()).isEmpty();
    poll.told(stream.watch);
    assertThat(atTheNextLook()).containsExactly(stream.watch);
  }

  @Test
  void removedStream_isTakenBackFromTheContainer() {
    Stream stream = new Stream();
    stream.watch.untold = () -> asked = -1;
    poll.remove(stream.watch);
    assertThat(asked).isEqualTo(-1);
    poll.told(stream.watch);
    assertThat(poll.run(now)).isEmpty();
  }

  @Test
  void releasedBeforeTheSecondLook_isNotTold_G7() {
    Stream stream = new Stream();
    new Stream();
    stream.open = false;
    assertThat(atTheNextLook()).isEmpty();
    poll.remove(stream.watch);
    lookUntil(now + SECOND);
  }

  @Test
  void openAtTheSecondLook_isNotTold_andIsAskedFurther_G7() {
    Stream stream = new Stream();
    stream.open = false;
    assertThat(atTheNextLook()).isEmpty();
    stream.open = true;
    lookUntil(now + SECOND);
    stream.open = false;
    assertThat(atTheNextLook()).isEmpty();
    assertThat(atTheNextLook()).containsExactly(stream.watch);
  }

  @Test
  void thousandsOfStreams_takeAHundredthOfACore_G11() {
    for (int i = 0; i < 5_000; i++) {
      new Stream();
    }
    lookUntil(now + 100 * SECOND);
    assertThat(asked * MICRO).isBetween(SECOND / 2, SECOND + SECOND / 100);
  }

  @Test
  void amongThousands_theSecondLookIsNotPutOff_G6() {
    Stream stream = new Stream();
    for (int i = 0; i < 5_000; i++) {
      new Stream();
    }
    lookUntil(now + SECOND);
    stream.open = false;
    assertThat(atTheNextLook()).isEmpty();
    long suspected = now;
    long before = asked;
    assertThat(atTheNextLook()).containsExactly(stream.watch);
    assertThat(now - suspected).isLessThan(3 * MILLI);
    assertThat(asked - before).isEqualTo(1);
  }

  /** Otherwise the watcher would come again at once, and again, for nothing. */
  @Test
  void addedWithTheBudgetSpent_waitsItsTurn_G11() {
    for (int i = 0; i < 3; i++) {
      Stream dear = new Stream();
      List<ExchangeWatch> added = new ArrayList<>(List.of(dear.watch));
      for (int j = 0; j < 5_000; j++) {
        ExchangeWatch watch = watch(now);
        added.add(watch);
        poll.add(watch, dear::ask, now);
      }
      assertThat(atTheNextLook()).isEmpty();
      added.forEach(poll::remove);
    }
    Stream next = new Stream();
    assertThat(poll.nextAt()).isGreaterThan(now);
    assertThat(atTheNextLook()).isEmpty();
    assertThat(asked).isEqualTo(3 * 5_001 + 1);
    assertThat(next.watch.streamSuspected).isFalse();
  }
}
