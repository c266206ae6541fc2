package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.safeasync.SafeAsyncConfig.AfterDisconnect;
import io.github.safeasync.SafeAsyncConfig.Start;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeAsyncConfigTest {

  private final SafeAsyncConfig.Builder builder = SafeAsyncConfig.builder();

  @Test
  void defaults_areDocumented() {
    SafeAsyncConfig config = SafeAsyncConfig.defaults();

    assertThat(config.timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.timeoutStatus()).isEqualTo(503);
    assertThat(config.disconnectStatus()).isEqualTo(499);
    assertThat(config.start()).isEqualTo(Start.ON_DEMAND);
    assertThat(config.afterDisconnect()).isEqualTo(AfterDisconnect.THROW);
    assertThat(config.detectAfter()).isEqualTo(Duration.ofMillis(20));
    assertThat(config.halfClose()).isEqualTo(HalfClose.DISCONNECT);
    assertThat(config.keepalive()).isNull();
    assertThat(config.logSummary()).isZero();
    assertThat(config.executor()).isNull();
    assertThat(config.cancel()).isEqualTo(CancelPolicy.SAFE_METHODS);
    assertThat(config.cancelOn()).containsExactly(End.Kind.DISCONNECTED);
    assertThat(config.cancelAfter()).isZero();
    assertThat(config.watch()).isEqualTo(SafeAsyncConfig.Watch.ASYNC);
  }

  @Test
  void toString_isOneLineOfInitParams() {
    assertThat(SafeAsyncConfig.defaults())
        .hasToString(
            "timeout=PT30S, timeout-status=503, disconnect-status=499, start=on-demand,"
                + " max-pending-bytes=1048576, pending-limit=16777216, over-limit=fail,"
                + " write-timeout=PT30S,"
                + " cancel=safe-methods, cancel-on=disconnected, cancel-after=PT0S, watch=async,"
                + " after-disconnect=throw, detect-after=PT0.02S, half-close=disconnect,"
                + " keepalive=off, log-summary=PT0S");
  }

  @Test
  void build_changedAfterwards_isNotSeen() {
    SafeAsyncConfig built = builder.build();

    builder.timeoutStatus(500);

    assertThat(built.timeoutStatus()).isEqualTo(503);
  }

  @Nested
  class ToBuilder {

    private final SafeAsyncConfig other =
        SafeAsyncConfig.builder()
            .timeout(Duration.ofMillis(1))
            .timeoutStatus(504)
            .disconnectStatus(0)
            .start(Start.EAGER)
            .afterDisconnect(AfterDisconnect.DISCARD)
            .detectAfter(Duration.ofMillis(1))
            .halfClose(HalfClose.IGNORE)
            .keepalive(new KeepAlive(30, 10, 3))
            .logSummary(Duration.ofMinutes(1))
            .cancel(CancelPolicy.ALWAYS)
            .cancelOn(EnumSet.of(End.Kind.TIMED_OUT))
            .cancelAfter(Duration.ofSeconds(1))
            .watch(SafeAsyncConfig.Watch.SYNC)
            .maxPendingBytes(1)
            .pendingLimit(2)
            .overLimit(OverLimit.BLOCK)
            .writeTimeout(Duration.ofSeconds(1))
            .executor(task -> {})
            .build();

    @Test
    void toBuilder_copiesEverything() {
      assertThat(other.toBuilder().build()).usingRecursiveComparison().isEqualTo(other);
    }

    /** So that a setting that is added later cannot be forgotten in the test above. */
    @Test
    void other_differsFromTheDefaultsInEachSetting() {
      for (Setting<?> setting : Setting.ALL) {
        assertThat(other.get(setting)).as(setting.name()).isNotEqualTo(setting.standard());
      }
    }
  }

  @Nested
  class Setters {

    @Test
    void cancelOn_completed_isRefused() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.cancelOn(EnumSet.of(End.Kind.COMPLETED)))
          .withMessageContaining("cancel-on");
    }

    @Test
    void cancelOn_none_isTaken() {
      assertThat(builder.cancelOn(Set.of()).build().cancelOn()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-0.001S", "PT1H0.001S"})
    void cancelAfter_outOfRange_isRefused(Duration grace) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.cancelAfter(grace))
          .withMessageContaining("cancel-after must be 0 to 1 hour");
    }

    @Test
    void timeout_zero_isNone() {
      assertThat(builder.timeout(Duration.ZERO).build().timeout()).isZero();
    }

    @Test
    void timeout_longest_isTaken() {
      Duration longest = Duration.ofNanos(Long.MAX_VALUE);

      assertThat(builder.timeout(longest).build().timeout()).isEqualTo(longest);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT-0.000000001S", "PT2562047H47M16.854775808S", "P1000000D"})
    void timeout_outOfRange_isRefused(Duration timeout) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.timeout(timeout))
          .withMessageContaining("timeout")
          .withMessageContaining(timeout.toString())
          .withMessageContaining("292 years");
      assertThat(builder.build().timeout()).isEqualTo(Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, 0, 200, 399, 600})
    void timeoutStatus_noError_isRefused(int status) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.timeoutStatus(status))
          .withMessageContaining("400 to 599")
          .withMessageContaining("" + status);
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void anySetter_null_isRefused() {
      assertThatNullPointerException().isThrownBy(() -> builder.timeout(null));
      assertThatNullPointerException()
          .isThrownBy(() -> builder.start(null))
          .withMessageContaining("start");
      assertThatNullPointerException()
          .isThrownBy(() -> builder.executor(null))
          .withMessageContaining("executor");
    }

    @Test
    void executor_given_isKept() {
      Executor executor = task -> {};

      assertThat(builder.executor(executor).build().executor()).isSameAs(executor);
    }
  }
}
