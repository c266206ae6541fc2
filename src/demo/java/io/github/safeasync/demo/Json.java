package io.github.safeasync.demo;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** An object of JSON in the making: just enough of it to tell a page something. */
final class Json {

  private final StringBuilder members = new StringBuilder();

  /** Adds a member: text, a number, a boolean, an enum, an object, a map, a list of these, null. */
  Json put(String name, @Nullable Object value) {
    members.append(members.isEmpty() ? "" : ",").append(quoted(name)).append(':');
    members.append(encoded(value));
    return this;
  }

  private static String encoded(@Nullable Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) {
      return String.valueOf(value);
    }
    if (value instanceof Json json) {
      return json.toString();
    }
    if (value instanceof Map<?, ?> map) {
      Json json = new Json();
      map.forEach((name, each) -> json.put(String.valueOf(name), each));
      return json.toString();
    }
    if (value instanceof Iterable<?> list) {
      return StreamSupport.stream(list.spliterator(), false)
          .map(Json::encoded)
          .collect(Collectors.joining(",", "[", "]"));
    }
    return quoted(value.toString());
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char each : text.toCharArray()) {
      if (each == '"' || each == '\\' || each < ' ' || Character.isSurrogate(each)) {
        quoted.append(String.format("\\u%04x", (int) each));
      } else {
        quoted.append(each);
      }
    }
    return quoted.append('"').toString();
  }

  @Override
  public String toString() {
    return "{" + members + "}";
  }
}
