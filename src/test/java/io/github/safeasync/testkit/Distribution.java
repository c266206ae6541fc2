package io.github.safeasync.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.opentest4j.TestAbortedException;

/** A server as it is published for those who install it, in the version that is tested. */
public enum Distribution {
  /** Apache Tomcat 10.1. */
  TOMCAT_10("org.apache.tomcat:tomcat:10.1.59:zip", InstalledTomcat::new),
  /** Apache Tomcat 11. */
  TOMCAT_11("org.apache.tomcat:tomcat:11.0.24:zip", InstalledTomcat::new),
  /** Eclipse Jetty 12.1 with the environment ee10. */
  JETTY_EE10("org.eclipse.jetty:jetty-home:12.1.8:zip", home -> new InstalledJetty(home, "ee10")),
  /** Eclipse Jetty 12.1 with the environment ee11. */
  JETTY_EE11("org.eclipse.jetty:jetty-home:12.1.8:zip", home -> new InstalledJetty(home, "ee11")),
  /** WildFly. */
  WILDFLY("org.wildfly:wildfly-dist:39.0.1.Final:zip", InstalledWildFly::new),
  /** Open Liberty. */
  OPEN_LIBERTY("io.openliberty:openliberty-runtime:26.0.0.2:zip", InstalledLiberty::new),
  /** Eclipse GlassFish. */
  GLASSFISH("org.glassfish.main.distributions:glassfish:7.0.20:zip", InstalledGlassFish::new),
  /** Payara Micro. */
  PAYARA_MICRO("fish.payara.extras:payara-micro:6.2025.10:jar", InstalledPayaraMicro::new),
  /** Apache TomEE. */
  TOMEE("org.apache.tomee:apache-tomee:10.1.0:zip:webprofile", InstalledTomcat::new),
  /** Quarkus with its extension of Undertow. */
  QUARKUS("io.quarkus:quarkus-undertow:3.33.2:jar", InstalledQuarkus::new);

  private interface Installing {
    InstalledServer in(Path home) throws IOException;
  }

  private final String artifact;
  private final Installing installing;

  Distribution(String artifact, Installing installing) {
    this.artifact = artifact;
    this.installing = installing;
  }

  /** Those that {@code -Dservers} names, all by default. */
  static List<Distribution> wanted() {
    String names = System.getProperty("safeasync.servers", "");
    return names.isEmpty()
        ? List.of(values())
        : Stream.of(names.split(",")).map(Distribution::valueOf).toList();
  }

  /** The version that is tested. */
  public String version() {
    return artifact.split(":")[2];
  }

  /**
   * Starts it on free ports of 127.0.0.1.
   *
   * @param wars what is deployed, by the names of their context paths
   * @throws TestAbortedException if Maven cannot bring it
   */
  public InstalledServer start(Map<String, Path> wars) throws Exception {
    InstalledServer server = installing.in(unpacked());
    try {
      server.start(wars);
      return server;
    } catch (Exception | AssertionError failure) {
      server.close();
      throw failure;
    }
  }

  /** What was fetched and unpacked once is kept below the build's output. */
  private Path unpacked() throws Exception {
    String[] parts = artifact.split(":");
    String name = parts[1] + "-" + parts[2] + (parts.length > 4 ? "-" + parts[4] : "");
    Path servers = Files.createDirectories(TestServer.buildDirectory().resolve("servers"));
    Path archive = servers.resolve(name + "." + parts[3]);
    boolean isProgram = parts[3].equals("jar");
    Path home = isProgram ? archive : servers.resolve(name);
    if (!Files.exists(home)) {
      fetch(servers);
      if (!isProgram) {
        Path fresh = Files.createTempDirectory(servers, "unpacking");
        Files.move(unzip(archive, fresh), home);
        Files.delete(fresh);
        Files.delete(archive);
      }
    }
    return home;
  }

  private void fetch(Path directory) throws Exception {
    maven(
        directory,
        "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy",
        "-Dartifact=" + artifact,
        "-DoutputDirectory=" + directory);
  }

  /**
   * Runs Maven.
   *
   * @throws TestAbortedException if it does not bring what is asked for
   */
  static void maven(Path directory, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("safeasync.maven", "mvn"));
    command.add("--batch-mode");
    command.add("--quiet");
    command.addAll(List.of(arguments));
    Process maven =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    String said = new String(maven.getInputStream().readAllBytes());
    if (maven.waitFor() != 0) {
      String reason = said.lines().filter(each -> each.contains("ERROR")).findFirst().orElse(said);
      if (said.contains("ould not find artifact") || said.contains("ould not transfer artifact")) {
        throw new TestAbortedException(
            "Maven does not bring all of " + arguments[0] + ": " + reason);
      }
      throw new IOException("Maven has failed: " + said);
    }
  }

  /** Returns the one directory that the archive holds. */
  private static Path unzip(Path archive, Path into) throws IOException {
    try (InputStream in = Files.newInputStream(archive);
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path file = into.resolve(entry.getName()).normalize();
        if (!file.startsWith(into)) {
          throw new IOException(archive + " has an entry " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(file);
        } else {
          Files.createDirectories(file.getParent());
          Files.copy(zip, file);
        }
      }
    }
    try (var children = Files.list(into)) {
      List<Path> all = children.toList();
      if (all.size() != 1) {
        throw new IOException(archive + " holds " + all);
      }
      return all.get(0);
    }
  }
}
