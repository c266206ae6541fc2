package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the documents say of settings is what the table of settings says. To write what is missing,
 * there and in Spring's metadata: {@code mvn -q test -Dtest=SettingTest,SpringMetadataTest
 * -Dsettings.write}
 */
class SettingTest {

  private static final Path DOCUMENT = Path.of("src/docs/settings.md");

  private static final String LINE_ABOVE = "| --- | --- | --- | --- |\n";

  private static final Pattern ROW =
      Pattern.compile(
          "\\| `(?<name>[a-z-]+)` \\| `(?<standard>[^`]+)` \\| (?<range>[^|]+) \\| (?<meaning>.+) \\|");

  /** As README has them. */
  private static final Pattern EXAMPLE = Pattern.compile("`([a-z][a-z-]*)=([^`]+)`");

  /** A row of the documents' table. */
  record Row(String name, String standard, String range, String meaning) {

    static Row of(Setting<?> setting, @Nullable Row documented) {
      String standard = setting.write(setting.standard());
      return documented == null
          ? new Row(setting.name(), standard, setting.range(), setting.purpose())
          : new Row(
              setting.name(),
              documented.isDefaultOf(setting) ? documented.standard : standard,
              setting.range(),
              documented.meaning);
    }

    boolean isDefaultOf(Setting<?> setting) {
      try {
        return setting.read(standard).equals(setting.standard());
      } catch (MalformedSettingException notOne) {
        return false;
      }
    }

    String line() {
      return "| `" + name + "` | `" + standard + "` | " + range + " | " + meaning + " |\n";
    }
  }

  static List<Setting<?>> all() {
    return Setting.ALL;
  }

  private static List<Row> documented() throws IOException {
    return Files.readString(DOCUMENT)
        .lines()
        .map(ROW::matcher)
        .filter(Matcher::matches)
        .map(
            row ->
                new Row(
                    row.group("name"),
                    row.group("standard"),
                    row.group("range"),
                    row.group("meaning")))
        .toList();
  }

  private static Row documented(Setting<?> setting) throws IOException {
    return documented().stream()
        .filter(each -> each.name().equals(setting.name()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(DOCUMENT + " has no row " + setting.name()));
  }

  @BeforeAll
  static void writeIfAsked() throws IOException {
    if (System.getProperty("settings.write") == null) {
      return;
    }
    Map<String, Row> known =
        documented().stream().collect(Collectors.toMap(Row::name, Function.identity()));
    String text = Files.readString(DOCUMENT);
    int table = text.indexOf(LINE_ABOVE) + LINE_ABOVE.length();
    String rows =
        Setting.ALL.stream()
            .map(each -> Row.of(each, known.get(each.name())).line())
            .collect(Collectors.joining());
    Files.writeString(
        DOCUMENT,
        text.substring(0, table) + rows + text.substring(text.indexOf("\n\n", table) + 1));
  }

  @Test
  void table_namesEachInOrder() throws IOException {
    assertThat(documented())
        .extracting(Row::name)
        .containsExactlyElementsOf(Setting.ALL.stream().map(Setting::name).toList());
  }

  @ParameterizedTest
  @MethodSource("all")
  void table_saysDefaultRangePurposeAndEachConstant(Setting<?> setting) throws Exception {
    Row row = documented(setting);
    assertThat(setting.read(row.standard())).isEqualTo(setting.standard());
    assertThat(row.range()).isEqualTo(setting.range());
    assertThat(row.meaning()).startsWith(setting.purpose());
    if (setting.standard() instanceof Enum<?> constant) {
      for (Enum<?> each : constant.getDeclaringClass().getEnumConstants()) {
        assertThat(row.meaning()).contains("`" + Values.kebab(each) + "`");
      }
    }
  }

  @Test
  void readme_setsWhatThereIs_toWhatIsAllowed() throws Exception {
    List<MatchResult> examples =
        Files.readString(Path.of("README.md")).lines().flatMap(SettingTest::examples).toList();
    assertThat(examples).isNotEmpty();
    for (MatchResult each : examples) {
      assertThat(Setting.ALL).extracting(Setting::name).contains(each.group(1));
      Setting<?> setting = Setting.named(each.group(1)).orElseThrow();
      assertThat(setting.read(each.group(2))).isNotNull();
    }
  }

  private static Stream<MatchResult> examples(String line) {
    return EXAMPLE.matcher(line).results();
  }

  @ParameterizedTest
  @MethodSource("all")
  void written_isReadAsTheSame(Setting<?> setting) throws Exception {
    assertThat(setting.read(setting.write(setting.standard()))).isEqualTo(setting.standard());
    Object other = OtherValues.of(setting);
    assertThat(setting.read(setting.write(other))).isEqualTo(other);
  }

  @Test
  void written_keepaliveAndEnds_areReadAsTheSame() throws Exception {
    assertThat(Setting.KEEPALIVE.write(Setting.KEEPALIVE.read("30/10/3"))).isEqualTo("30/10/3");
    assertThat(Setting.CANCEL_ON.write(Setting.CANCEL_ON.read("shut-down, timed-out")))
        .isEqualTo("timed-out,shut-down");
  }
}
