package io.github.safeasync.bench;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the figures were measured on. */
final class Machine {

  private Machine() {}

  /** Whether this process was started so. */
  static boolean isNativeAccessible() {
    return Runtime.version().feature() >= 22
        && ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .anyMatch(option -> option.startsWith("--enable-native-access"));
  }

  /** The program that runs this one. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Starts each container, which says what it is. */
  static String describe() throws Exception {
    List<String> containers = new ArrayList<>();
    for (Container container : Container.available()) {
      try (TestServer server =
              container.start(
                  app ->
                      app.handler(
                          "/",
                          (in, out) ->
                              out.getWriter().write(in.getServletContext().getServerInfo())));
          RawClient client = RawClient.connect(server)) {
        containers.add(client.get("/").readResponse().body());
      }
    }
    return String.format(
        "%d cores, JDK %s%s, %s %s; %s",
        Runtime.getRuntime().availableProcessors(),
        Runtime.version(),
        isNativeAccessible() ? " with native access" : "",
        System.getProperty("os.name"),
        System.getProperty("os.version"),
        String.join(", ", containers));
  }
}
