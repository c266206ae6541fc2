package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeAsyncConfigTest {

  private final SafeAsyncConfig.Builder builder = SafeAsyncConfig.builder();

  @Test
  void toString_isOneLineOfInitParams() {
    assertThat(SafeAsyncConfig.defaults().toString())
        .startsWith("timeout=PT30S, timeout-status=503, disconnect-status=499, start=on-demand, ")
        .isEqualTo(
            Setting.ALL.stream()
                .map(each -> each.name() + "=" + each.write(each.standard()))
                .collect(Collectors.joining(", ")));
  }

  @Test
  void build_changedAfterwards_isNotSeen() {
    SafeAsyncConfig built = builder.build();

    builder.timeoutStatus(500);

    assertThat(built.timeoutStatus()).isEqualTo(503);
  }

  @Nested
  class ToBuilder {

    @Test
    void toBuilder_copiesEverything() {
      for (Setting<?> setting : Setting.ALL) {
        builder.set(setting.name(), setting.write(OtherValues.of(setting)));
      }
      SafeAsyncConfig other = builder.executor(task -> {}).build();

      assertThat(other.toBuilder().build()).usingRecursiveComparison().isEqualTo(other);
      for (Setting<?> setting : Setting.ALL) {
        assertThat(other.get(setting)).as(setting.name()).isEqualTo(OtherValues.of(setting));
      }
    }
  }

  /** The two methods of a setting, which are found by its name. */
  @Nested
  class Accessors {

    private static final Set<String> OF_NO_SETTING = Set.of("executor");

    private static String camelCase(Setting<?> setting) {
      return Pattern.compile("-(.)")
          .matcher(setting.name())
          .replaceAll(next -> next.group(1).toUpperCase(Locale.ROOT));
    }

    private static Object got(SafeAsyncConfig config, Setting<?> setting) throws Exception {
      Object value = SafeAsyncConfig.class.getMethod(camelCase(setting)).invoke(config);
      return setting.standard() instanceof Optional<?> ? Optional.ofNullable(value) : value;
    }

    private static Method setter(Setting<?> setting) {
      return setters()
          .filter(method -> method.getName().equals(camelCase(setting)))
          .findFirst()
          .orElseThrow();
    }

    private static Stream<Method> setters() {
      return Arrays.stream(SafeAsyncConfig.Builder.class.getMethods())
          .filter(method -> method.getDeclaringClass() == SafeAsyncConfig.Builder.class)
          .filter(method -> method.getParameterCount() == 1);
    }

    private void set(Setting<?> setting, @Nullable Object value) throws Exception {
      assertThat(setter(setting).invoke(builder, value)).isSameAs(builder);
    }

    static List<Setting<?>> settings() {
      return Setting.ALL;
    }

    static Stream<Setting<?>> settingsOfObjects() {
      return Setting.ALL.stream()
          .filter(setting -> !setter(setting).getParameterTypes()[0].isPrimitive());
    }

    @Test
    void builder_setsWhatThereIs() {
      assertThat(setters().map(Method::getName))
          .containsExactlyInAnyOrderElementsOf(
              Stream.concat(Setting.ALL.stream().map(Accessors::camelCase), OF_NO_SETTING.stream())
                  .toList());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void getter_unset_returnsTheDefault(Setting<?> setting) throws Exception {
      assertThat(got(SafeAsyncConfig.defaults(), setting)).isEqualTo(setting.standard());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void getter_set_returnsWhatTheSetterWasGiven(Setting<?> setting) throws Exception {
      Object other = OtherValues.of(setting);

      set(setting, other instanceof Optional<?> optional ? optional.orElseThrow() : other);

      assertThat(got(builder.build(), setting)).isEqualTo(other);
    }

    /** Null stands for a setting that is off, where there is such a thing. */
    @ParameterizedTest
    @MethodSource("settingsOfObjects")
    void setter_null_isRefusedOrOff(Setting<?> setting) throws Exception {
      if (setting.standard() instanceof Optional<?>) {
        set(setting, null);
        assertThat(got(builder.build(), setting)).isEqualTo(Optional.empty());
      } else {
        assertThatThrownBy(() -> set(setting, null))
            .cause()
            .isInstanceOf(NullPointerException.class)
            .hasMessage(setting.name());
      }
    }

    @ParameterizedTest
    @MethodSource("settings")
    void setter_namesTheInitParam(Setting<?> setting) throws Exception {
      String source =
          Files.readString(Path.of("src/main/java/io/github/safeasync/SafeAsyncConfig.java"))
              .replaceAll("\\s+(\\* )?", " ");
      int method = source.indexOf(" public Builder " + camelCase(setting) + "(");
      String comment = source.substring(source.lastIndexOf("/**", method), method);

      assertThat(comment).contains("{@code " + setting.name() + "}");
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
    void executor_null_isRefused() {
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
