package io.github.safeasync.internal.body;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.testkit.OtherThread;
import org.junit.jupiter.api.Test;

class TurnTest {

  private final Turn turn = new Turn();

  @Test
  void take_free_hasTheTurn() {
    assertThat(turn.take()).isTrue();
  }

  @Test
  void take_taken_leavesANote() {
    turn.take();

    assertThat(turn.take()).isFalse();
    assertThat(turn.leave()).isFalse();
    assertThat(turn.leave()).isTrue();
  }

  @Test
  void take_takenManyTimes_leavesOneNote() {
    turn.take();
    turn.take();
    turn.take();

    assertThat(turn.leave()).isFalse();
    assertThat(turn.leave()).isTrue();
  }

  @Test
  void leave_noNote_isFreeAgain() {
    turn.take();

    assertThat(turn.leave()).isTrue();
    assertThat(turn.take()).isTrue();
  }

  @Test
  void leave_note_stillHasTheTurn() {
    turn.take();
    turn.take();
    turn.leave();

    assertThat(turn.take()).isFalse();
  }

  @Test
  void leave_anotherThreadThanTook_isFree() {
    turn.take();

    try (OtherThread other = new OtherThread()) {
      assertThat(other.call(turn::leave)).isTrue();
    }
    assertThat(turn.take()).isTrue();
  }
}
