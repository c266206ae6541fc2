package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL of the machine's own packages on a free port of 127.0.0.1, with its data in a
 * temporary directory; one for all tests of a JVM, which stops it. Thread-safe.
 */
public final class Postgres {
  private static final Path PACKAGES = Path.of("/usr/lib/postgresql");
  private static final String USER = "postgres";

  private final Path programs;
  private final Path directory;
  private final int port;

  private Postgres(Path programs, Path directory, int port) {
    this.programs = programs;
    this.directory = directory;
    this.port = port;
  }

  /** Holds the one server from its first use. */
  private static final class Shared {
    static final Postgres SERVER = start();
  }

  /** Returns why there is none, or an empty text if there is. */
  public static String whyNot() {
    if (programs() == null) {
      return "PostgreSQL's server is not installed below " + PACKAGES;
    }
    if (isRoot() && run(List.of("id", USER)) == null) {
      return "PostgreSQL does not run as root, and there is no user " + USER;
    }
    return "";
  }

  /** Returns the server, and starts it at the first call. */
  public static Postgres shared() {
    return Shared.SERVER;
  }

  /** Opens a connection, which the caller closes. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url());
  }

  /** Returns what a pool is to be told, with the user in it. */
  public String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=" + USER;
  }

  /** Returns the CPU time of the server's processes that live now. */
  public Duration cpu() {
    String pid = require(List.of("head", "-n", "1", data() + "/postmaster.pid"));
    return ProcessHandle.of(Long.parseLong(pid.strip())).stream()
        .flatMap(ProcessHandle::descendants)
        .flatMap(each -> each.info().totalCpuDuration().stream())
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static Path programs() {
    if (!Files.isDirectory(PACKAGES)) {
      return null;
    }
    try (Stream<Path> versions = Files.list(PACKAGES)) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .max(Comparator.naturalOrder())
          .orElse(null);
    } catch (IOException e) {
      return null;
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static Postgres start() {
    Path programs = programs();
    String made = require(List.of("mktemp", "-d", "-t", "safe-async-postgres-XXXXXX"));
    Path directory = Path.of(made.strip());
    Postgres server = new Postgres(programs, directory, freePort());
    String data = server.data();
    require(
        List.of(
            server.program("initdb"),
            "-D",
            data,
            "-U",
            USER,
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C"));
    String options =
        "-F -p "
            + server.port
            + " -c listen_addresses=127.0.0.1 -c max_connections=300 -c unix_socket_directories="
            + directory;
    require(
        List.of(
            server.program("pg_ctl"),
            "-D",
            data,
            "-w",
            "-s",
            "-l",
            directory.resolve("log") + "",
            "-o",
            options,
            "start"));
    Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
    return server;
  }

  private String data() {
    return directory.resolve("data").toString();
  }

  private String program(String name) {
    return programs.resolve(name).toString();
  }

  private void stop() {
    run(List.of(program("pg_ctl"), "-D", data(), "-w", "-s", "-m", "immediate", "stop"));
    run(List.of("rm", "-r", directory.toString()));
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String require(List<String> command) {
    String said = run(command);
    if (said == null) {
      throw new IllegalStateException("Failed: " + String.join(" ", command));
    }
    return said;
  }

  /** Returns what a command printed, or null if it failed. As the server's user if we are root. */
  private static String run(List<String> command) {
    List<String> whole = new ArrayList<>();
    if (isRoot()) {
      whole.addAll(List.of("runuser", "-u", USER, "--"));
    }
    whole.addAll(command);
    try {
      Process process =
          new ProcessBuilder(whole)
              .directory(Path.of(System.getProperty("java.io.tmpdir")).toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      return ended && process.exitValue() == 0 ? said : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
