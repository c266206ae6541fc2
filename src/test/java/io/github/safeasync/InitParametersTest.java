package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

public class InitParametersTest {

  /** What a container tells a filter that is named "guard". */
  public record Given(Map<String, String> parameters) implements FilterConfig {

    @Override
    public String getFilterName() {
      return "guard";
    }

    @Override
    public ServletContext getServletContext() {
      return null; // As with some mocks.
    }

    @Override
    public String getInitParameter(String name) {
      return parameters.get(name);
    }

    @Override
    public Enumeration<String> getInitParameterNames() {
      return Collections.enumeration(parameters.keySet());
    }
  }

  private static SafeAsyncConfig read(String name, String value) throws ServletException {
    return InitParameters.read(new Given(Map.of(name, value)), SafeAsyncConfig.defaults());
  }

  private static void assertRefused(String name, String value, String allowed) {
    assertThatThrownBy(() -> read(name, value))
        .isInstanceOf(ServletException.class)
        .hasMessageContaining("The filter guard")
        .hasMessageContaining(name + " = \"" + value.trim() + "\"")
        .hasMessageContaining(allowed)
        .hasCauseInstanceOf(RuntimeException.class);
  }

  @Nested
  class All {

    @Test
    void read_none_isTheBase() throws ServletException {
      SafeAsyncConfig base = SafeAsyncConfig.builder().timeoutStatus(500).build();

      SafeAsyncConfig config = InitParameters.read(new Given(Map.of()), base);

      assertThat(config).usingRecursiveComparison().isEqualTo(base);
    }

    @Test
    void read_some_changesThoseAlone() throws ServletException {
      SafeAsyncConfig base =
          SafeAsyncConfig.builder().timeoutStatus(500).timeout(Duration.ofHours(1)).build();

      SafeAsyncConfig config =
          InitParameters.read(new Given(Map.of("timeout", "7", "start", "eager")), base);

      assertThat(config.timeout()).isEqualTo(Duration.ofMillis(7));
      assertThat(config.start()).isEqualTo(SafeAsyncConfig.Start.EAGER);
      assertThat(config.timeoutStatus()).isEqualTo(500);
    }

    static List<Setting<?>> settings() {
      return Setting.ALL;
    }

    @ParameterizedTest
    @MethodSource("settings")
    void read_each_isTaken(Setting<?> setting) throws ServletException {
      Object other = OtherValues.of(setting);

      assertThat(read(setting.name(), setting.write(other)).get(setting)).isEqualTo(other);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void read_eachMalformed_isRefused(Setting<?> setting) {
      assertRefused(setting.name(), "no such value", "allowed is ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"time-out", "Timeout", "timeoutStatus", "TIMEOUT", ""})
    void read_unknown_namesItAndThoseThatAreAllowed(String name) {
      assertThatThrownBy(() -> read(name, "1"))
          .isInstanceOf(ServletException.class)
          .hasMessageContaining("The filter guard")
          .hasMessageContaining("unknown init-param " + name + ";")
          .hasMessageContaining("timeout, timeout-status, disconnect-status, start");
    }
  }

  @Nested
  class Cancel {

    @Test
    void good_isTaken() throws ServletException {
      assertThat(read("cancel", "always").cancel()).isEqualTo(CancelPolicy.ALWAYS);
      assertThat(read("cancel", "safe-methods").cancel()).isEqualTo(CancelPolicy.SAFE_METHODS);
      assertThat(read("cancel-after", "1500").cancelAfter()).isEqualTo(Duration.ofMillis(1500));
      assertThat(read("cancel-on", "timed-out, shut-down").cancelOn())
          .containsExactly(End.Kind.TIMED_OUT, End.Kind.SHUT_DOWN);
      assertThat(read("watch", "sync").watch()).isEqualTo(SafeAsyncConfig.Watch.SYNC);
      assertThat(read("half-close", "confirm-on-write").halfClose())
          .isEqualTo(HalfClose.CONFIRM_ON_WRITE);
      assertThat(read("keepalive", "30/10/3").keepalive()).isEqualTo(new KeepAlive(30, 10, 3));
      assertThat(read("keepalive", "off").keepalive()).isNull();
      assertThat(read("keepalive", "false").keepalive()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
      "cancel, maybe, 'safe-methods, always or never'",
      "cancel-after, PT2H, from 0 to 1 hour",
      "cancel-on, completed, 'disconnected, timed-out, failed and shut-down'",
      "cancel-on, 'timed-out,', 'disconnected, timed-out, failed and shut-down'",
      "watch, both, async or sync",
      "half-close, maybe, 'disconnect, ignore or confirm-on-write'",
      "keepalive, 30/10, such as 30/10/3",
      "keepalive, 0/10/3, such as 30/10/3"
    })
    void bad_isRefused(String name, String value, String allowed) {
      assertRefused(name, value, allowed);
    }
  }

  @Nested
  class Timeout {

    @ParameterizedTest
    @CsvSource({
      "0, PT0S",
      "1500, PT1.5S",
      "'  250 ', PT0.25S",
      "PT30S, PT30S",
      "pt2m, PT2M",
      "P1D, PT24H",
      "30s, PT30S",
      "2M, PT2M",
      "1500ms, PT1.5S",
      "1d, PT24H",
      "9223372036854, PT2562047H47M16.854S"
    })
    void timeout_good_isTaken(String value, Duration expected) throws ServletException {
      assertThat(read("timeout", value).timeout()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "-1",
          "-30s",
          "30x",
          "30 s",
          "1.5",
          "9223372036854775807d",
          "PT-1S",
          "none",
          "9223372036855",
          "99999999999999999999",
          "PT9223372036854775807H",
          "٣"
        })
    void timeout_bad_isRefused(String value) {
      assertRefused(
          "timeout", value, "milliseconds, or a duration such as 30s or PT30S; 0 for none");
    }
  }

  @Nested
  class Bytes {

    @ParameterizedTest
    @CsvSource({"1, 1", "512B, 512", "64KB, 65536", "2mb, 2097152", "' 1GB ', 1073741824"})
    void maxPendingBytes_good_isTaken(String value, long expected) throws ServletException {
      assertThat(read("max-pending-bytes", value).maxPendingBytes()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "2M", "2 MB", "1.5MB", "MB", "9223372036854775807KB"})
    void maxPendingBytes_bad_isRefused(String value) {
      assertRefused(
          "max-pending-bytes",
          value,
          "a number of bytes, or a size such as 64KB or 2MB; at least 1");
    }
  }

  @Nested
  class TimeoutStatus {

    @ParameterizedTest
    @ValueSource(strings = {"400", "503", " 599 "})
    void timeoutStatus_good_isTaken(String value) throws ServletException {
      assertThat(read("timeout-status", value).timeoutStatus())
          .isEqualTo(Integer.parseInt(value.trim()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "399", "600", "-503", "503.0", "Gateway Timeout"})
    void timeoutStatus_bad_isRefused(String value) {
      assertRefused("timeout-status", value, "an error status, 400 to 599");
    }
  }

  @Nested
  class DisconnectStatus {

    @ParameterizedTest
    @ValueSource(strings = {"0", "400", "499", " 599 "})
    void disconnectStatus_good_isTaken(String value) throws ServletException {
      assertThat(read("disconnect-status", value).disconnectStatus())
          .isEqualTo(Integer.parseInt(value.trim()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "200", "399", "600", "-1", "gone"})
    void disconnectStatus_bad_isRefused(String value) {
      assertRefused("disconnect-status", value, "an error status, 400 to 599; 0 for none");
    }
  }

  @Nested
  class Start {

    @ParameterizedTest
    @CsvSource({
      "on-demand, ON_DEMAND",
      "eager, EAGER",
      "' eager ', EAGER",
      "Eager, EAGER",
      "on_demand, ON_DEMAND",
      "ON_DEMAND, ON_DEMAND"
    })
    void start_good_isTaken(String value, SafeAsyncConfig.Start expected) throws ServletException {
      assertThat(read("start", value).start()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "on demand", "ondemand", "lazy"})
    void start_bad_isRefused(String value) {
      assertRefused("start", value, "on-demand or eager");
    }
  }
}
