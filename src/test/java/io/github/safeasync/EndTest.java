package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.safeasync.End.Kind;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.web.util.DisconnectedClientHelper;

class EndTest {

  private static final Duration AFTER = Duration.ofMillis(1003);
  private static final Departure GONE = new Departure(Evidence.FIN, Instant.EPOCH, "the selector");

  @ParameterizedTest
  @EnumSource(names = {"COMPLETED", "TIMED_OUT", "SHUT_DOWN"})
  void of_kind_hasNeitherDepartureNorCause(Kind kind) {
    End end = End.of(kind, AFTER);

    assertThat(end.kind()).isEqualTo(kind);
    assertThat(end.after()).isEqualTo(AFTER);
    assertThat(end.departure()).isEmpty();
    assertThat(end.cause()).isEmpty();
    assertThat(end).hasToString(kind + " after 1003 ms");
  }

  @Test
  void disconnected_hasTheDeparture() {
    End end = End.disconnected(GONE, AFTER, null);

    assertThat(end.kind()).isEqualTo(Kind.DISCONNECTED);
    assertThat(end.departure()).contains(GONE);
    assertThat(end.cause()).isEmpty();
    assertThat(end).hasToString("DISCONNECTED after 1003 ms (FIN noticed by the selector)");
  }

  @Test
  void disconnected_byAnException_keepsItButNotInTheLine() {
    IOException cause = new IOException("Broken pipe");

    End end = End.disconnected(GONE, AFTER, cause);

    assertThat(end.cause()).containsSame(cause);
    assertThat(end).hasToString("DISCONNECTED after 1003 ms (FIN noticed by the selector)");
  }

  @Test
  void failed_hasTheCause() {
    RuntimeException cause = new IllegalStateException("no disk");

    End end = End.failed(cause, AFTER);

    assertThat(end.kind()).isEqualTo(Kind.FAILED);
    assertThat(end.departure()).isEmpty();
    assertThat(end.cause()).containsSame(cause);
    assertThat(end).hasToString("FAILED after 1003 ms (java.lang.IllegalStateException: no disk)");
  }

  @Test
  @SuppressWarnings({"DataFlowIssue", "NullAway"})
  void anyPart_null_isNamed() {
    assertThatNullPointerException().isThrownBy(() -> End.of(null, AFTER)).withMessage("kind");
    assertThatNullPointerException()
        .isThrownBy(() -> End.of(Kind.COMPLETED, null))
        .withMessage("after");
    assertThatNullPointerException()
        .isThrownBy(() -> End.disconnected(null, AFTER, null))
        .withMessage("departure");
    assertThatNullPointerException().isThrownBy(() -> End.failed(null, AFTER)).withMessage("cause");
  }

  @Nested
  class OfADeparture {

    @Test
    void toString_isEvidenceAndWitness() {
      assertThat(GONE).hasToString("FIN noticed by the selector");
    }

    @Test
    void now_isNoticedNow() {
      Instant before = Instant.now();

      Departure departure = Departure.now(Evidence.RST, "a test");

      assertThat(departure.noticedAt()).isBetween(before, Instant.now());
      assertThat(departure.evidence()).isEqualTo(Evidence.RST);
      assertThat(departure.noticedBy()).isEqualTo("a test");
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void anyPart_null_isNamed() {
      assertThatNullPointerException()
          .isThrownBy(() -> new Departure(null, Instant.EPOCH, "x"))
          .withMessage("evidence");
      assertThatNullPointerException()
          .isThrownBy(() -> new Departure(Evidence.FIN, null, "x"))
          .withMessage("noticedAt");
      assertThatNullPointerException()
          .isThrownBy(() -> new Departure(Evidence.FIN, Instant.EPOCH, null))
          .withMessage("noticedBy");
    }

    @Test
    void g12_exceptionOfIt_hasNoStackTrace() {
      ClientDisconnectedException exception = new ClientDisconnectedException(GONE);

      assertThat(exception.getStackTrace()).isEmpty();
      assertThat(exception.departure()).isSameAs(GONE);
      assertThat(exception)
          .hasMessage("The client has gone (broken pipe): FIN noticed by the selector")
          .matches(DisconnectedClientHelper::isClientDisconnectedException);
    }
  }
}
