package io.github.safeasync.internal.body;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.internal.body.BodyItem.Flush;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FlushesTest {

  private final Flushes flushes = new Flushes();

  private static Flush flush() {
    return new Flush(new CompletableFuture<>());
  }

  @Test
  void want_beforeAnythingIsWritten_isWanted() {
    assertThat(flushes.isWanted()).isFalse();
    flushes.want();
    assertThat(flushes.isWanted()).isTrue();
  }

  @Test
  void written_whileDue_isStillDue() {
    flushes.becomeDue();
    flushes.written();
    assertThat(flushes.isDue()).isTrue();
  }

  @Test
  void ready_asked_isSentUntilMoreIsWritten() {
    flushes.written();
    flushes.ask();
    assertThat(flushes.isUnderWay()).isTrue();
    assertThat(flushes.isSent()).isFalse();
    flushes.ready();
    assertThat(flushes.isUnderWay()).isFalse();
    assertThat(flushes.isSent()).isTrue();
    flushes.written();
    assertThat(flushes.isSent()).isFalse();
  }

  @Test
  void ready_dueAgain_isDoneWithWhatWasAskedForAlone() {
    Flush first = flush();
    Flush second = flush();
    flushes.becomeDue(first);
    flushes.ask();
    flushes.becomeDue(second);
    assertThat(flushes.ready()).containsExactly(first);
    assertThat(flushes.isDue()).isTrue();
    flushes.ask();
    assertThat(flushes.ready()).containsExactly(second);
    assertThat(flushes.ready()).isEmpty();
  }

  @Test
  void end_askedAndDue_takesAllThatWait() {
    Flush first = flush();
    Flush second = flush();
    flushes.becomeDue(first);
    flushes.ask();
    flushes.becomeDue(second);
    assertThat(flushes.end()).containsExactly(first, second);
    assertThat(flushes.end()).isEmpty();
  }
}
