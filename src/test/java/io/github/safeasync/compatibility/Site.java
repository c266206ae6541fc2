package io.github.safeasync.compatibility;

import java.util.Map;

/** Where applications are served, and by which settings of the filter. */
enum Site {
  /** As it comes. */
  PLAIN("/plain", Map.of()),
  /** For clients that shut down their sending side and read on: by default they look gone. */
  FOR_HALF_CLOSE("/half-close", Map.of("half-close", "ignore"));

  private final String path;
  private final Map<String, String> settings;

  Site(String path, Map<String, String> settings) {
    this.path = path;
    this.settings = settings;
  }

  String path() {
    return path;
  }

  Map<String, String> settings() {
    return settings;
  }
}
