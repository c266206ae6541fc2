package io.github.safeasync.internal.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.safeasync.internal.detect.Mechanisms.TableKind;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InspectorTest {

  /** So dear that one scan is more than all that was saved up for urgent ones. */
  private static final Mechanisms DEAR_SCANS =
      new Mechanisms(
          true,
          true,
          false,
          TableKind.PROC,
          false,
          TimeUnit.HOURS.toNanos(1),
          List.of("for a test"));

  private final AtomicInteger scans = new AtomicInteger();

  /** A table in which nothing is found. */
  private final class DearTable implements SocketTable {

    @Override
    public String name() {
      return "a dear table";
    }

    @Override
    public boolean isBatching() {
      return true;
    }

    @Override
    public int missesNeeded() {
      return 3;
    }

    @Override
    public void look(List<TableEntry> entries) {
      scans.incrementAndGet();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(400));
    }

    @Override
    public void close() {}
  }

  /** Otherwise it would wait with the patient ones, for seconds, although its turn soon comes. */
  @Test
  void scanThatIsPutOff_isNoLessUrgentAfterwards_G6() throws Exception {
    try (Wire wire = Wire.open();
        Selector selector = Selector.open();
        PollFlags flags = new PollFlags()) {
      Inspector inspector = new Inspector(flags, DEAR_SCANS, new DearTable(), null);
      WatchedConnection watched = registered(wire, selector);
      wire.finish();
      inspector.look(List.of(watched), System.nanoTime());
      assertThat(scans).hasValue(1);

      for (int i = 0; i < 10; i++) {
        inspector.look(List.of(watched), System.nanoTime());
        assertThat(watched.verdict).isNull();
      }

      assertThat(scans).hasValue(1);
      assertThat(watched.deservesScan(System.nanoTime())).isTrue();
    }
  }

  /** With thousands of them, looking every 20 ms at what is not to be seen would be dear. */
  @Test
  void polledLineWhoseScanIsPutOff_isLeftAloneUntilThen_G11() throws Exception {
    try (Wire wire = Wire.open();
        PollFlags flags = new PollFlags()) {
      Inspector inspector = new Inspector(flags, DEAR_SCANS, new DearTable(), null);
      Suspects suspects = new Suspects(inspector, (watched, verdict, now) -> {});
      WatchedConnection watched = new WatchedConnection(Endpoints.of(wire.local(), wire.peer()));
      watched.state = ConnectionState.SUSPECT;
      suspects.add(watched, System.nanoTime());
      suspects.run(System.nanoTime());
      assertThat(scans).hasValue(1);

      suspects.lookAt(watched, System.nanoTime());
      suspects.run(System.nanoTime());

      assertThat(scans).hasValue(1);
      assertThat(suspects.nextAt() - System.nanoTime()).isGreaterThan(TimeUnit.SECONDS.toNanos(1));
    }
  }

  /** A client that sends on has not gone, which costs no reading of the table to know. */
  @Test
  void moreUnreadBytesThanBefore_needNoScan_andAFinBehindThemDoes_G6_G11() throws Exception {
    try (Wire wire = Wire.open();
        Selector selector = Selector.open();
        PollFlags flags = new PollFlags()) {
      Inspector inspector = new Inspector(flags, DEAR_SCANS, new DearTable(), null);
      WatchedConnection watched = registered(wire, selector);
      watched.looks = 10;
      wire.send(1);
      arrive(watched, 1);
      inspector.look(List.of(watched), System.nanoTime());
      assertThat(scans).hasValue(1);

      for (int unread = 2; unread < 10; unread++) {
        wire.send(1);
        arrive(watched, unread);
        inspector.look(List.of(watched), System.nanoTime());
        assertThat(watched.verdict).isEqualTo(Verdict.OPEN);
      }
      assertThat(scans).hasValue(1);

      wire.finish();
      inspector.look(List.of(watched), System.nanoTime());
      assertThat(watched.verdict).as("put off until the next scan").isNull();
    }
  }

  private static WatchedConnection registered(Wire wire, Selector selector) throws Exception {
    WatchedConnection watched = new WatchedConnection(wire.channel(), false, false);
    watched.key = wire.channel().register(selector, SelectionKey.OP_READ, watched);
    return watched;
  }

  private static void arrive(WatchedConnection watched, int unread) {
    await().until(() -> watched.unread() == unread);
  }
}
