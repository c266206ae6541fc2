package io.github.safeasync.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.github.safeasync.SafeAsyncConfig;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** The properties as Spring Boot lets them be written, of 3.5 and of 4. */
class PropertiesIT {

  /** What is read of a file and of the environment, which counts first. */
  private static Map<String, String> read(Map<String, Object> file, Map<String, Object> variables) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
            new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
    environment.getPropertySources().addLast(new MapPropertySource("application.yaml", file));
    return FilterProperties.read(environment);
  }

  @ParameterizedTest
  @CsvSource({
    "safe-async.timeout, 10s, timeout",
    "safe-async.timeoutStatus, 504, timeout-status",
    "safeAsync.timeout_status, 504, timeout-status",
    "safe-async.max-pending-bytes, 2MB, max-pending-bytes",
    "safe-async.cancel-on[0], timed-out, cancel-on",
    "safe-async.cancel-on, 'timed-out,failed', cancel-on",
    "safe-async.keepalive, 30/10/3, keepalive",
    "safe-async.cancel, ALWAYS, cancel"
  })
  void inAFile_isFound(String property, String value, String name) {
    assertThat(read(Map.of(property, value), Map.of())).containsOnly(entry(name, value));
  }

  @ParameterizedTest
  @CsvSource({
    "SAFE_ASYNC_TIMEOUT, PT10S, timeout",
    "SAFEASYNC_TIMEOUT, 10s, timeout",
    "SAFE_ASYNC_TIMEOUT_STATUS, 504, timeout-status",
    "SAFEASYNC_TIMEOUTSTATUS, 504, timeout-status",
    "SAFE_ASYNC_CANCEL_ON, 'timed-out,failed', cancel-on",
    "SAFEASYNC_CANCELON_0, failed, cancel-on"
  })
  void inTheEnvironment_isFound_andCountsFirst(String variable, String value, String name) {
    assertThat(read(Map.of("safe-async." + name, "other"), Map.of(variable, value)))
        .containsOnly(entry(name, value));
  }

  static List<String> names() {
    return SafeAsyncConfig.names();
  }

  /** The value of each as it is written where nothing is set. */
  private static Map<String, String> defaults() {
    return Arrays.stream(SafeAsyncConfig.defaults().toString().split(", "))
        .map(each -> each.split("=", 2))
        .collect(Collectors.toMap(each -> each[0], each -> each[1]));
  }

  @ParameterizedTest
  @MethodSource("names")
  void eachSetting_isFound_inAFileAndInTheEnvironment(String name) {
    String value = defaults().get(name);
    String variable = "SAFE_ASYNC_" + name.toUpperCase(Locale.ROOT).replace('-', '_');

    assertThat(read(Map.of("safe-async." + name, value), Map.of()))
        .containsOnly(entry(name, value));
    assertThat(read(Map.of(), Map.of(variable, value))).containsOnly(entry(name, value));
  }

  /** As YAML has them: lists by their index, off as false, numbers as such. */
  @Test
  void ofYaml_areTheSettings() {
    Map<String, Object> yaml = new LinkedHashMap<>();
    yaml.put("safe-async.cancel-on[0]", "disconnected");
    yaml.put("safe-async.cancel-on[1]", "timed-out");
    yaml.put("safe-async.keepalive", false);
    yaml.put("safe-async.timeout", 0);
    yaml.put("safe-async.write-timeout", Duration.ofSeconds(5));
    yaml.put("safe-async.over-limit", "${limit:drop-newest}");

    SafeAsyncConfig.Builder builder = SafeAsyncConfig.builder();
    read(yaml, Map.of()).forEach(builder::set);

    assertThat(builder.build().toString())
        .contains("timeout=PT0S,")
        .contains("write-timeout=PT5S")
        .contains("cancel-on=disconnected,timed-out")
        .contains("over-limit=drop-newest")
        .contains("keepalive=off");
  }

  @ParameterizedTest
  @CsvSource({
    "safe-async.tiemout, safe-async.timeout",
    "safe-async.timeout.status, safe-async.timeout-status",
    "safe-async.enable, safe-async.enabled",
    "safe-async.pending-limits, safe-async.pending-limit"
  })
  void unknownInAFile_isRefused_withTheNearest(String property, String nearest) {
    assertThatThrownBy(() -> read(Map.of(property, "1"), Map.of()))
        .isInstanceOfSatisfying(
            PropertyException.class,
            refused -> {
              assertThat(refused).hasMessageStartingWith("The property " + property);
              assertThat(refused.action()).startsWith("Change it to " + nearest + ",");
            });
  }

  @ParameterizedTest
  @CsvSource({
    "SAFE_ASYNC_TIEMOUT, SAFE_ASYNC_TIMEOUT",
    "SAFEASYNC_TIMOUT, SAFE_ASYNC_TIMEOUT",
    "SAFEASYNC_TIMEOUT_STATUS, SAFE_ASYNC_TIMEOUT_STATUS",
    "safe_async_timeout, safe-async.timeout"
  })
  void slipInTheEnvironment_isRefused_withTheNearest(String variable, String nearest) {
    assertThatThrownBy(() -> read(Map.of(), Map.of(variable, "1")))
        .isInstanceOfSatisfying(
            PropertyException.class,
            refused -> {
              assertThat(refused).hasMessage("The property " + variable + " is unknown.");
              assertThat(refused.action()).startsWith("Change it to " + nearest + ",");
            });
  }

  /** Such as those that Kubernetes sets for a service of that name, and this test's harness. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SAFE_ASYNC_PORT",
        "SAFE_ASYNC_SERVICE_HOST",
        "SAFE_ASYNC_HOME",
        "SAFE_ASYNC_STORM",
        "SAFE_ASYNC"
      })
  void othersInTheEnvironment_areLeftAlone(String variable) {
    assertThat(read(new HashMap<>(), Map.of(variable, "1"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"timeout, soon", "timeout-status, 200", "cancel-on, never", "pending-limit, 2M"})
  void malformed_isRefused_withTheValue(String name, String value) {
    assertThatThrownBy(() -> read(Map.of("safe-async." + name, value), Map.of()))
        .isInstanceOf(PropertyException.class)
        .hasMessageStartingWith(
            "A property is malformed: safe-async." + name + " = \"" + value + "\"; allowed is ")
        .hasMessageEndingWith(".");
  }
}
