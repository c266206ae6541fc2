package io.github.safeasync.observe;

import io.github.safeasync.Departure;
import io.github.safeasync.testkit.TestApplication;
import io.undertow.server.handlers.accesslog.AccessLogHandler;
import io.undertow.servlet.api.DeploymentInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.catalina.Context;
import org.apache.catalina.valves.AccessLogValve;
import org.awaitility.Awaitility;
import org.eclipse.jetty.server.CustomRequestLog;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;

/**
 * The access log of a container, of its own making, in a file: of each request its path, its status
 * and its departure, by the patterns that the documents give.
 */
final class AccessLog {

  /**
   * What is logged of a request.
   *
   * @param departure "-" if there is none
   */
  record Line(String status, String departure) {}

  private final Path directory;

  /**
   * A log in a directory of its own.
   *
   * @param directory an empty one
   */
  AccessLog(Path directory) {
    this.directory = directory;
  }

  /** Has an application's server write it. */
  void of(TestApplication application) {
    application
        .customize(Server.class, this::jetty)
        .customize(Context.class, this::tomcat)
        .customize(DeploymentInfo.class, this::undertow);
  }

  private void jetty(Server server) {
    server.setRequestLog(
        new CustomRequestLog(
            directory.resolve("access.log").toString(),
            "%U %s %{" + Departure.ATTRIBUTE + "}attr"));
  }

  private void tomcat(Context context) {
    AccessLogValve valve = new AccessLogValve();
    valve.setDirectory(directory.toString());
    valve.setBuffered(false);
    valve.setPattern("%U %s %{" + Departure.ATTRIBUTE + "}r");
    context.getParent().getPipeline().addValve(valve);
  }

  private void undertow(DeploymentInfo deployment) {
    deployment.addInitialHandlerChainWrapper(
        next ->
            new AccessLogHandler(
                next,
                this::write,
                "%U %s %{r," + Departure.ATTRIBUTE + "}",
                AccessLog.class.getClassLoader()));
  }

  private synchronized void write(String line) {
    try {
      Files.write(
          directory.resolve("access.log"),
          List.of(line),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for the line of a path. */
  Line line(String path) {
    return Objects.requireNonNull(
        Awaitility.await("the line of " + path)
            .atMost(Duration.ofSeconds(20))
            .until(() -> found(path), Objects::nonNull));
  }

  private @Nullable Line found(String path) throws IOException {
    for (String line : lines()) {
      String[] parts = line.split(" ", 3);
      if (parts.length == 3 && parts[0].equals(path)) {
        return new Line(parts[1], parts[2]);
      }
    }
    return null;
  }

  private List<String> lines() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      Path file = files.findFirst().orElse(null);
      return file == null ? List.of() : Files.readAllLines(file);
    }
  }
}
