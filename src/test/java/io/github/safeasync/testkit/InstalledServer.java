package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A server as people install it: a process of its own, that is started as its manual says and
 * deploys what is put into a directory.
 */
public abstract class InstalledServer implements AutoCloseable {
  private static final Duration STARTS = Duration.ofMinutes(5);
  private static final Duration STOPS = Duration.ofSeconds(30);

  /** What each JVM is told: to allow native access is what servers.md advises. */
  static final List<String> OPTIONS =
      List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC");

  /**
   * How a record begins: of Tomcat, Jetty and WildFly, of java.util.logging, whose second line has
   * the level, of GlassFish and Payara, of Open Liberty.
   */
  private static final Pattern RECORD =
      Pattern.compile(
          "^(?=\\d{2}-\\w{3}-\\d{4} |\\d{4}-\\d\\d-\\d\\d[ T]|\\w{3} \\d\\d, \\d{4} "
              + "|\\[\\d{4}-|\\[#\\||\\[(?:AUDIT|INFO|WARNING|ERROR|err)\\b)",
          Pattern.MULTILINE);

  /** Payara Micro writes the level in one. */
  private static final Pattern COLOUR = Pattern.compile("\\x1b\\[[0-9;]*m");

  private static final Pattern LOUD = Pattern.compile("\\b(WARN|WARNING|SEVERE|ERROR|FATAL)\\b");

  /**
   * What they say by themselves: Jetty of its ciphers, WildFly of its transaction manager, whose
   * name is its default, Open Liberty of each request that is answered as its application stops,
   * GlassFish of its ciphers and of its file of what is deployed, and it and Payara of certificates
   * that have expired since they were published.
   */
  private static final Pattern OF_ITSELF =
      Pattern.compile(
          "Weak cipher suite|WFLYTX0013|SRVE0095I|WEB0307|NCLS-DEPLOYMENT-02041"
              + "|NCLS-SECURITY-05054");

  private final Path base = TestServer.temporaryDirectory("server");
  private final int plainPort = freePort();
  private final int tlsPort = freePort();
  private Process process;

  /** How to start it, in the foreground. */
  abstract List<String> command();

  /** What to put into the environment of the command. */
  abstract Map<String, String> environment();

  /** Where to put a WAR so that it is deployed, and its removal undeploys it. */
  abstract Path deployments();

  /** A directory of this run alone. */
  final Path base() {
    return base;
  }

  final Path log() {
    return base.resolve("output.log");
  }

  /** Where HTTP is spoken. */
  public final int plainPort() {
    return plainPort;
  }

  /** Where HTTPS is spoken. */
  public final int tlsPort() {
    return tlsPort;
  }

  /** Connects a client, by TLS or without. */
  public final RawClient connect(boolean tls) throws IOException {
    return tls ? RawClient.connectTls(tlsPort) : RawClient.connect(plainPort);
  }

  /** Connects a client of HTTP/2, by TLS. */
  public final Http2Client connectHttp2() throws Exception {
    return Http2Client.connectTls(tlsPort);
  }

  final void start(Map<String, Path> wars) throws Exception {
    for (Map.Entry<String, Path> each : wars.entrySet()) {
      put(each.getValue(), each.getKey());
    }
    prepare();
    run();
  }

  /** What is to be done once, with all that is to be deployed in its place. */
  void prepare() throws Exception {}

  private void run() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command())
            .directory(base.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment());
    process = builder.start();
    Awaitility.await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(STARTS)
        .until(() -> !process.isAlive() || (listens(plainPort) && listens(tlsPort)));
    if (!process.isAlive()) {
      throw new IOException("it has ended: " + Files.readString(log()));
    }
  }

  /** Deploys a WAR again, by its name. */
  public final void redeploy(Path war, String name) throws Exception {
    put(war, name);
    if (!isHot()) {
      stop();
      run();
    }
  }

  /** Whether a WAR is deployed while the server runs; else it is stopped and started for that. */
  public boolean isHot() {
    return true;
  }

  private void put(Path war, String name) throws IOException {
    Path fresh = base.resolve(name + ".fresh");
    Files.copy(war, fresh, StandardCopyOption.REPLACE_EXISTING);
    Files.move(fresh, deployments().resolve(name + ".war"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** What was logged above INFO so far, with its stack traces. */
  public final List<String> loud() throws IOException {
    List<String> loud = new ArrayList<>();
    for (Path file : logs()) {
      String text = COLOUR.matcher(Files.readString(file, StandardCharsets.UTF_8)).replaceAll("");
      RECORD
          .splitAsStream(text)
          .filter(each -> LOUD.matcher(firstTwoLines(each)).find())
          .filter(each -> !OF_ITSELF.matcher(each).find())
          .forEach(loud::add);
    }
    return loud;
  }

  /** All files with what the server says. */
  List<Path> logs() throws IOException {
    return List.of(log());
  }

  private static String firstTwoLines(String entry) {
    return String.join("\n", entry.lines().limit(2).toList());
  }

  /** How many class loaders have an instance of a class, after a full garbage collection. */
  public final long loadersOf(Class<?> type) throws Exception {
    long pid =
        Stream.concat(Stream.of(process.toHandle()), process.descendants())
            .filter(each -> each.info().command().orElse("").endsWith("java"))
            .reduce((first, second) -> second)
            .orElseThrow()
            .pid();
    Process histogram =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(pid),
                "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String said = new String(histogram.getInputStream().readAllBytes());
    if (histogram.waitFor() != 0) {
      throw new IOException(said);
    }
    return said.lines()
        .map(String::strip)
        .filter(line -> List.of(line.split("\\s+")).contains(type.getName()))
        .count();
  }

  /** Copies a directory with all that is in it. */
  static void copyAll(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path each : files.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
  }

  /** None of those that the kernel gives to clients: some servers bind theirs a minute later. */
  static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        // Another will do.
      }
    }
  }

  /** What the last run of its kind has said, for whoever wants to know more. */
  private Path kept() {
    return TestServer.buildDirectory().resolve(getClass().getSimpleName() + ".log");
  }

  private static boolean listens(int port) {
    try {
      RawClient.connect(port).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private void stop() throws Exception {
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    all.forEach(ProcessHandle::destroy);
    CompletableFuture<?> ended =
        CompletableFuture.allOf(
            all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new));
    try {
      ended.get(STOPS.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException hangs) {
      all.forEach(ProcessHandle::destroyForcibly);
      ended.get();
    }
  }

  @Override
  public final void close() throws Exception {
    if (process != null) {
      stop();
      Files.move(log(), kept(), StandardCopyOption.REPLACE_EXISTING);
    }
    TestServer.deleteAll(base);
  }
}
