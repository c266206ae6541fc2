package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettingTest {

  private static final Pattern ROW =
      Pattern.compile("\\| `(?<name>[a-z-]+)` \\| `(?<standard>[^`]+)` \\| (?<meaning>.+) \\|");

  /** As README has them. */
  private static final Pattern EXAMPLE = Pattern.compile("`([a-z][a-z-]*)=([^`]+)`");

  /** A row of the documents' table. */
  record Row(String name, String standard, String meaning) {}

  static List<Setting<?>> all() {
    return Setting.ALL;
  }

  private static List<Row> documented() throws IOException {
    return Files.readString(Path.of("src/docs/settings.md"))
        .lines()
        .map(ROW::matcher)
        .filter(row -> row.matches())
        .map(row -> new Row(row.group("name"), row.group("standard"), row.group("meaning")))
        .toList();
  }

  @Test
  void table_namesEachInOrder() throws IOException {
    assertThat(documented())
        .extracting(Row::name)
        .containsExactlyElementsOf(Setting.ALL.stream().map(Setting::name).toList());
  }

  @Test
  void readme_setsWhatThereIs_toWhatIsAllowed() throws Exception {
    List<MatchResult> examples =
        Files.readString(Path.of("README.md")).lines().flatMap(SettingTest::examples).toList();
    assertThat(examples).isNotEmpty();
    for (MatchResult each : examples) {
      assertThat(Setting.ALL).extracting(Setting::name).contains(each.group(1));
      Setting<?> setting =
          Setting.ALL.stream().filter(it -> it.name().equals(each.group(1))).findFirst().get();
      assertThat(setting.read(each.group(2))).isNotNull();
    }
  }

  private static Stream<MatchResult> examples(String line) {
    return EXAMPLE.matcher(line).results();
  }

  @ParameterizedTest
  @MethodSource("all")
  void table_saysDefaultPurposeAndEachConstant(Setting<?> setting) throws Exception {
    Row row =
        documented().stream().filter(each -> each.name().equals(setting.name())).findFirst().get();
    assertThat(setting.read(row.standard())).isEqualTo(setting.standard());
    assertThat(row.meaning()).startsWith(setting.purpose());
    if (setting.standard() instanceof Enum<?> constant) {
      for (Enum<?> each : constant.getDeclaringClass().getEnumConstants()) {
        assertThat(row.meaning()).contains(Values.kebab(each));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void written_isReadAsTheSame(Setting<?> setting) throws Exception {
    assertThat(setting.read(setting.write(setting.standard()))).isEqualTo(setting.standard());
  }

  @Test
  void written_keepaliveAndEnds_areReadAsTheSame() throws Exception {
    assertThat(Setting.KEEPALIVE.write(Setting.KEEPALIVE.read("30/10/3"))).isEqualTo("30/10/3");
    assertThat(Setting.CANCEL_ON.write(Setting.CANCEL_ON.read("shut-down, timed-out")))
        .isEqualTo("timed-out,shut-down");
  }
}
