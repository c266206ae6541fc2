package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.Detection;
import io.github.safeasync.End;
import io.github.safeasync.Evidence;
import io.github.safeasync.KeepAlive;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.BareRequests;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Witness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.regex.Pattern;

/**
 * A JVM of its own with two filters in it, whose clients hang up: for what a JVM, or the system
 * below it, is only asked once.
 */
public final class ServerJvm {

  /** A feature: the container is made an unknown one. */
  static final String BARE = "bare";

  /** A feature: TCP keepalive is wanted. */
  static final String KEEPALIVE = "keepalive";

  /** A feature: the request announces a body that nobody reads, so that the table is asked. */
  static final String UNREAD = "unread";

  private static final String UNREAD_BODY =
      "POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";

  private static final List<String> PASSED_ON =
      List.of(
          "java.util.logging.config.file",
          "basedir",
          "safeasync.classpath",
          "safeasync.containers");

  private final Container container;
  private final List<String> wrapper = new ArrayList<>();
  private final List<String> options = new ArrayList<>();
  private final List<String> features = new ArrayList<>();
  private String classPath = System.getProperty("java.class.path");

  private ServerJvm(Container container) {
    this.container = container;
    options.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // Soon up, soon down.
    if (container == Container.UNDERTOW && Runtime.version().feature() >= 24) {
      // Its own threads use Unsafe, of which these JDKs warn.
      options.add("--sun-misc-unsafe-memory-access=allow");
    }
  }

  static ServerJvm of(Container container) {
    return new ServerJvm(container);
  }

  /** Runs it by a program that executes its arguments. */
  ServerJvm under(List<String> program) {
    wrapper.addAll(program);
    return this;
  }

  ServerJvm option(String option) {
    options.add(option);
    return this;
  }

  ServerJvm feature(String feature) {
    features.add(feature);
    return this;
  }

  ServerJvm classPath(String path) {
    classPath = path;
    return this;
  }

  /** Runs it to its end, and answers all that was said. */
  public String run() throws Exception {
    List<String> arguments = new ArrayList<>(List.of(container.name()));
    arguments.addAll(features);
    return run(wrapper, options, classPath, ServerJvm.class, arguments);
  }

  /** Runs a class as a JVM of its own to its end, and answers all that was said. */
  public static String run(
      List<String> wrapper,
      List<String> options,
      String classPath,
      Class<?> main,
      List<String> arguments)
      throws Exception {
    Process process = command(wrapper, options, classPath, main, arguments).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  /** What starts a class as a JVM of its own. */
  public static ProcessBuilder command(
      List<String> wrapper,
      List<String> options,
      String classPath,
      Class<?> main,
      List<String> arguments) {
    List<String> command = new ArrayList<>(wrapper);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    PASSED_ON.forEach(name -> command.add("-D" + name + "=" + System.getProperty(name, "")));
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command).redirectErrorStream(true);
  }

  /** How often something is said. */
  public static int count(String said, String part) {
    return said.split(Pattern.quote(part), -1).length - 1;
  }

  public static void main(String[] arguments) throws Exception {
    Set<String> features = Set.of(arguments);
    Container container = Container.valueOf(arguments[0]);
    SafeAsyncConfig config =
        SafeAsyncConfig.builder()
            .keepalive(features.contains(KEEPALIVE) ? new KeepAlive(30, 10, 3) : null)
            .build();
    try (Logs logs = Logs.capture()) {
      try (Site one = start(container, config, features);
          Site two = start(container, config, features)) {
        for (Site site : List.of(one, two)) {
          hangUp(site, features.contains(UNREAD));
          isAnswered(site);
          isAnswered(site);
        }
      }
      logs.lines(Level.INFO).forEach(line -> System.out.println("said: " + line));
      if (container != Container.UNDERTOW || !features.contains(BARE)) {
        // Undertow's I/O thread is out of reach with all the rest, so that it complains of writes.
        logs.assertQuiet();
      }
    }
    System.exit(0); // Containers' threads may stay for a while.
  }

  private static Site start(Container container, SafeAsyncConfig config, Set<String> features)
      throws Exception {
    return features.contains(BARE)
        ? Site.startBehind(container, config, BareRequests::precede)
        : Site.startBehind(container, config, app -> {});
  }

  private static void hangUp(Site site, boolean unread) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      if (unread) {
        client.send(UNREAD_BODY);
      } else {
        client.get("/take");
      }
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      Witness.await()
          .atMost(Witness.SOON)
          .until(
              () ->
                  response.detection() == Detection.ON_WRITE
                      || site.exchanges().scope().watching() == 1);
      Detection detection = response.detection();
      client.closeFin();
      if (detection == Detection.ON_WRITE) {
        witness.notNoticed();
        Site.writeUntilEnd(response);
        assertThat(witness.ended()).isEqualTo(End.Kind.DISCONNECTED);
      } else {
        witness.noticedInTheTable(Evidence.FIN, Evidence.CONNECTION_LOST);
      }
      System.out.println(detection + ": " + witness.departure());
    }
  }

  private static void isAnswered(Site site) throws Exception {
    try (RawClient client = RawClient.connect(site.server())) {
      assertThat(client.get("/plain").readResponse().body()).isEqualTo("plain");
      client.get("/take");
      SafeAsyncResponse response = site.take();
      Witness witness = Witness.of(response);
      response.finish("sound");
      assertThat(client.readResponse().body()).isEqualTo("sound");
      witness.completes();
    }
  }
}
