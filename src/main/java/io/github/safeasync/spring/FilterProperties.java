package io.github.safeasync.spring;

import io.github.safeasync.SafeAsyncConfig;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.StandardEnvironment;

/**
 * The properties {@code safe-async.*} in all the ways in which Spring Boot lets them be written, as
 * the filter's init-params.
 */
final class FilterProperties {

  static final String PREFIX = "safe-async";

  /** Those that are not the filter's. */
  private static final List<String> SWITCHES = List.of("enabled", "cancel-jdbc", "cancel-http");

  private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of(PREFIX);

  /** Where programs that are not of Spring keep what is theirs, too. */
  private static final Set<String> SHARED =
      Set.of(
          StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
          StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);

  private final Environment environment;

  private FilterProperties(Environment environment) {
    this.environment = environment;
  }

  /**
   * Returns the init-params that are set.
   *
   * @throws PropertyException if one is unknown or malformed
   */
  static Map<String, String> read(Environment environment) {
    FilterProperties properties = new FilterProperties(environment);
    properties.refuseUnknown();
    return properties.initParameters();
  }

  /** Each by its name, as an environment variable is not found by the prefix alone. */
  private Map<String, String> initParameters() {
    Binder binder = Binder.get(environment);
    Map<String, String> found = new LinkedHashMap<>();
    for (String name : SafeAsyncConfig.names()) {
      // What YAML has for a list comes as one; of all others it is the only member.
      binder
          .bind(PREFIX + "." + name, Bindable.listOf(String.class))
          .ifBound(value -> found.put(name, checked(name, String.join(",", value))));
    }
    return found;
  }

  private String checked(String name, String value) {
    try {
      SafeAsyncConfig.builder().set(name, value);
      return value;
    } catch (IllegalArgumentException e) {
      throw new PropertyException(
          "A property is malformed: " + PREFIX + "." + e.getMessage() + originOf(name) + ".",
          "Change its value, or remove it to have the default.");
    }
  }

  /** Of the one that counts, which is the first. */
  private String originOf(String name) {
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      ConfigurationProperty property = source.getConfigurationProperty(ROOT.append(name));
      if (property != null) {
        return origin(property);
      }
    }
    return "";
  }

  private static String origin(@Nullable ConfigurationProperty property) {
    return property == null || property.getOrigin() == null
        ? ""
        : " (" + property.getOrigin() + ")";
  }

  private void refuseUnknown() {
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      refuseUnknown(source);
    }
  }

  private static void refuseUnknown(ConfigurationPropertySource source) {
    if (source.getUnderlyingSource() instanceof EnumerablePropertySource<?> own
        && SHARED.contains(own.getName())) {
      Arrays.stream(own.getPropertyNames()).forEach(FilterProperties::refuseSlip);
    } else if (source instanceof IterableConfigurationPropertySource iterable) {
      iterable.stream()
          .filter(name -> ROOT.isAncestorOf(name) && !isKnown(name))
          .findFirst()
          .ifPresent(
              name -> {
                String written = name.toString();
                String last = written.substring(written.indexOf('.') + 1);
                throw unknown(
                    written + origin(source.getConfigurationProperty(name)),
                    PREFIX + "." + Spelling.nearest(last, names()));
              });
    }
  }

  /** A property of Spring's, or one of them in the brackets of a list. */
  private static boolean isKnown(ConfigurationPropertyName name) {
    return names().stream()
        .map(ROOT::append)
        .anyMatch(
            known -> known.equals(name) || (known.isParentOf(name) && name.isLastElementIndexed()));
  }

  /** What is there for others is left alone, unless it looks like a property that is misspelt. */
  private static void refuseSlip(String variable) {
    String prefix = letters(PREFIX);
    String written = letters(variable);
    if (!written.startsWith(prefix) || isSpelt(variable)) {
      return;
    }
    String rest = written.substring(prefix.length());
    String nearest =
        Spelling.nearest(rest, names().stream().map(FilterProperties::letters).toList());
    if (Spelling.isNear(rest, nearest)) {
      String meant =
          names().stream().filter(name -> letters(name).equals(nearest)).findFirst().orElseThrow();
      boolean shouted = variable.equals(variable.toUpperCase(Locale.ROOT));
      throw unknown(variable, shouted ? shouted(PREFIX + "." + meant) : PREFIX + "." + meant);
    }
  }

  /** In one of the ways in which Spring Boot finds it. */
  private static boolean isSpelt(String variable) {
    return names().stream()
            .map(name -> PREFIX + "." + name)
            .flatMap(name -> Stream.of(shouted(name), shouted(name.replace("-", ""))))
            .anyMatch(name -> variable.equals(name) || variable.matches(name + "_[0-9]+"))
        || isKnown(ConfigurationPropertyName.adapt(variable, '.'));
  }

  private static String shouted(String name) {
    return name.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  private static String letters(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
  }

  private static PropertyException unknown(String written, String nearest) {
    return new PropertyException(
        "The property " + written + " is unknown.",
        "Change it to "
            + nearest
            + ", if that is meant; allowed are "
            + names().stream().map(name -> PREFIX + "." + name).collect(Collectors.joining(", "))
            + ".");
  }

  private static List<String> names() {
    return Stream.concat(SWITCHES.stream(), SafeAsyncConfig.names().stream()).toList();
  }
}
