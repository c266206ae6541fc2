package io.github.safeasync;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What an editor says of the properties comes from the table of settings. {@link SettingTest} says
 * how the file is written anew.
 */
class SpringMetadataTest {

  private static final Path FILE =
      Path.of("src/main/resources/META-INF/spring-configuration-metadata.json");

  private static final Map<Class<?>, String> TYPES =
      Map.of(
          Duration.class, "java.time.Duration",
          Integer.class, "java.lang.Integer",
          Long.class, "org.springframework.util.unit.DataSize",
          Optional.class, "java.lang.String");

  @Test
  void file_isMadeOfTheTable() throws IOException {
    if (System.getProperty("settings.write") != null) {
      Files.writeString(FILE, metadata());
    }
    assertThat(FILE).hasContent(metadata());
  }

  private static String metadata() {
    String properties =
        Stream.concat(
                Stream.of(
                    ofSpring("enabled", "whether the filter is mapped to every request", true),
                    ofSpring("cancel-jdbc", "whether queries end with their clients", false),
                    ofSpring("cancel-http", "whether calls of others do", false)),
                Setting.ALL.stream().map(SpringMetadataTest::property))
            .map(SpringMetadataTest::object)
            .collect(Collectors.joining(",\n"));
    String hints =
        Setting.ALL.stream()
            .filter(setting -> setting.standard() instanceof Enum<?>)
            .map(SpringMetadataTest::hint)
            .collect(Collectors.joining(",\n"));
    return "{\n  \"groups\": [\n    {\"name\": \"safe-async\", \"type\": \""
        + SafeAsyncConfig.class.getName()
        + "\"}\n  ],\n  \"properties\": [\n"
        + properties
        + "\n  ],\n  \"hints\": [\n"
        + hints
        + "\n  ]\n}\n";
  }

  private static Map<String, String> ofSpring(String name, String purpose, boolean standard) {
    return property(name, "java.lang.Boolean", purpose, String.valueOf(standard));
  }

  private static Map<String, String> property(Setting<?> setting) {
    return property(
        setting.name(),
        typeOf(setting.standard()),
        setting.purpose(),
        quoted(setting.write(setting.standard())));
  }

  private static Map<String, String> property(
      String name, String type, String purpose, String standard) {
    Map<String, String> property = new LinkedHashMap<>();
    property.put("name", quoted("safe-async." + name));
    property.put("type", quoted(type));
    String plain = purpose.replace("`", "");
    property.put(
        "description", quoted(Character.toUpperCase(plain.charAt(0)) + plain.substring(1) + "."));
    property.put("defaultValue", standard);
    return property;
  }

  private static String typeOf(Object standard) {
    if (standard instanceof Enum<?> constant) {
      return constant.getDeclaringClass().getName();
    }
    return standard instanceof Set<?>
        ? "java.util.Set<" + End.Kind.class.getName() + ">"
        : TYPES.get(standard.getClass());
  }

  private static String hint(Setting<?> setting) {
    String values =
        Arrays.stream(((Enum<?>) setting.standard()).getDeclaringClass().getEnumConstants())
            .map(each -> "{\"value\": " + quoted(Values.kebab((Enum<?>) each)) + "}")
            .collect(Collectors.joining(", "));
    return "    {\"name\": "
        + quoted("safe-async." + setting.name())
        + ", \"values\": ["
        + values
        + "]}";
  }

  private static String object(Map<String, String> members) {
    return members.entrySet().stream()
        .map(each -> "      " + quoted(each.getKey()) + ": " + each.getValue())
        .collect(Collectors.joining(",\n", "    {\n", "\n    }"));
  }

  private static String quoted(String text) {
    return '"' + text + '"';
  }
}
