package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Departure;
import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.SafeAsyncResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Hears all that one response tells of its client. */
public final class Witness {

  /** Generous: what takes microseconds may take longer on a machine that does other things. */
  public static final Duration SOON = Duration.ofSeconds(10);

  /**
   * Where only the kernel's table shows it. Up to JDK 21 that is a text, and is read as seldom as
   * the number of sockets on the machine asks for: every 5 s at worst, and a departure wants two or
   * three readings.
   */
  public static final Duration SOON_IN_THE_TABLE = Duration.ofSeconds(60);

  /** Long enough for a false report to show, as the detector looks at a suspect within 50 ms. */
  private static final Duration A_WHILE = Duration.ofMillis(150);

  private final SafeAsyncResponse response;
  private final List<Departure> departures = new CopyOnWriteArrayList<>();
  private final List<End> ends = new CopyOnWriteArrayList<>();

  /** Looks often: waiting for the next look would be most of what these tests take. */
  public static ConditionFactory await() {
    return Awaitility.await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5));
  }

  private Witness(SafeAsyncResponse response) {
    this.response = response;
    response.onDisconnect(departures::add);
    response.onEnd(ends::add);
  }

  public static Witness of(SafeAsyncResponse response) {
    return new Witness(response);
  }

  /** Waits for the departure; nothing but the detector and the container may tell of it. */
  public void noticed(Evidence... allowed) {
    noticedWithin(SOON, allowed);
  }

  /** As {@link #noticed}, where only the kernel's table shows it. */
  public void noticedInTheTable(Evidence... allowed) {
    noticedWithin(SOON_IN_THE_TABLE, allowed);
  }

  /** As {@link #noticed}, where it takes seconds until the kernel gives the connection up. */
  public void noticedAfterSilence(Evidence... allowed) {
    noticedWithin(Duration.ofSeconds(20), allowed);
  }

  private void noticedWithin(Duration bound, Evidence... allowed) {
    await().atMost(bound).until(() -> !departures.isEmpty() && !ends.isEmpty());
    assertThat(departures).singleElement().extracting(Departure::evidence).isIn((Object[]) allowed);
    assertThat(ends).singleElement().extracting(End::kind).isEqualTo(End.Kind.DISCONNECTED);
    assertThat(response.isOpen()).isFalse();
    assertThat(response.detection()).isEqualTo(Detection.ON_WRITE);
  }

  public Departure departure() {
    return departures.get(0);
  }

  /** Nothing is reported for a while. */
  public void notNoticed() {
    await().during(A_WHILE).atMost(A_WHILE.multipliedBy(20)).until(ends::isEmpty);
    assertThat(departures).isEmpty();
    assertThat(response.isOpen()).isTrue();
  }

  /** Waits for the one end of the exchange. */
  public End.Kind ended() {
    await().atMost(SOON).until(() -> !ends.isEmpty());
    assertThat(ends).hasSize(1);
    assertThat(departures).hasSize(ends.get(0).departure().isPresent() ? 1 : 0);
    return ends.get(0).kind();
  }

  /** What is written reaches the client, so the exchange ends well. */
  public void completes() {
    await().atMost(SOON).until(() -> !ends.isEmpty());
    assertThat(ends).singleElement().extracting(End::kind).isEqualTo(End.Kind.COMPLETED);
    assertThat(departures).isEmpty();
  }

  /** G12: since it was cleared, the log has one line of the library, at DEBUG. */
  public static void saidOnce(Logs logs) {
    await().atMost(SOON).until(() -> !said(logs).isEmpty());
    assertThat(said(logs))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.getLevel()).isEqualTo(Level.FINE);
              assertThat(line.getMessage()).startsWith("The client has gone");
              assertThat(line.getThrown()).isNull();
            });
    logs.assertQuiet();
  }

  private static List<LogRecord> said(Logs logs) {
    return logs.ofLibrary().stream()
        .filter(each -> each.getLevel().intValue() >= Level.FINE.intValue())
        .toList();
  }
}
