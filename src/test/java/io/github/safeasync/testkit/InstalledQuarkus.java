package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Quarkus with its extension of Undertow. It deploys no WAR, but is built with one application:
 * here with what all WARs hold, each below the path that it would have.
 */
final class InstalledQuarkus extends InstalledServer {
  private static final String POM =
      """
      <project xmlns="http://maven.apache.org/POM/4.0.0">
        <modelVersion>4.0.0</modelVersion>
        <groupId>deployed</groupId>
        <artifactId>deployed</artifactId>
        <version>1</version>
        <dependencyManagement>
          <dependencies>
            <dependency>
              <groupId>io.quarkus</groupId>
              <artifactId>quarkus-bom</artifactId>
              <version>%1$s</version>
              <type>pom</type>
              <scope>import</scope>
            </dependency>
          </dependencies>
        </dependencyManagement>
        <dependencies>
          <dependency>
            <groupId>io.quarkus</groupId>
            <artifactId>quarkus-undertow</artifactId>
          </dependency>
          <dependency>
            <groupId>io.github.safeasync</groupId>
            <artifactId>safe-async</artifactId>
            <version>deployed</version>
            <scope>system</scope>
            <systemPath>${project.basedir}/safe-async.jar</systemPath>
          </dependency>
        </dependencies>
      </project>
      """;

  private static final String PROPERTIES =
      """
      quarkus.http.host=127.0.0.1
      quarkus.http.port=%d
      quarkus.http.ssl-port=%d
      quarkus.http.ssl.certificate.key-store-file=%s
      quarkus.http.ssl.certificate.key-store-password=%s
      quarkus.console.color=false
      """;

  private static final Pattern WEB_APP =
      Pattern.compile(
          ".*<web-app[^>]*>|<display-name>.*?</display-name>|</web-app>.*", Pattern.DOTALL);

  private final String version;
  private final StringBuilder webXml = new StringBuilder();

  InstalledQuarkus(Path jar) throws IOException {
    version = jar.getFileName().toString().replaceAll("^quarkus-undertow-|\\.jar$", "");
    Files.createDirectories(deployments());
    Files.createDirectories(classes().resolve("META-INF"));
    Files.writeString(application().resolve("pom.xml"), POM.formatted(version));
    Files.writeString(
        classes().resolve("application.properties"),
        PROPERTIES.formatted(plainPort(), tlsPort(), Tls.keyStore(), Tls.PASSWORD));
  }

  private Path application() {
    return base().resolve("application");
  }

  private Path classes() {
    return application().resolve("target/classes");
  }

  @Override
  Path deployments() {
    return base().resolve("deployments");
  }

  @Override
  void prepare() throws Exception {
    try (Stream<Path> wars = Files.list(deployments())) {
      for (Path war : wars.sorted().toList()) {
        add(war, war.getFileName().toString().replace(".war", ""));
      }
    }
    Files.writeString(
        classes().resolve("META-INF/web.xml"),
        "<web-app xmlns=\"https://jakarta.ee/xml/ns/jakartaee\" version=\"6.0\">"
            + webXml
            + "</web-app>");
    Distribution.maven(application(), "io.quarkus:quarkus-maven-plugin:" + version + ":build");
  }

  private void add(Path war, String name) throws IOException {
    try (FileSystem zip = FileSystems.newFileSystem(URI.create("jar:" + war.toUri()), Map.of())) {
      Path inf = zip.getPath("WEB-INF");
      String own = WEB_APP.matcher(Files.readString(inf.resolve("web.xml"))).replaceAll("");
      webXml.append(
          own.replaceAll("<(servlet|filter)-name>", "<$1-name>" + name + "-")
              .replaceAll("<url-pattern>/?", "<url-pattern>/" + name + "/"));
      merge(inf.resolve("classes"));
      try (Stream<Path> libraries = Files.list(inf.resolve("lib"))) {
        for (Path each : libraries.toList()) {
          Files.copy(
              each, application().resolve("safe-async.jar"), StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private void merge(Path from) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        Path to = classes().resolve(from.relativize(each).toString());
        Files.createDirectories(to.getParent());
        Files.copy(each, to, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  @Override
  List<String> command() {
    return Stream.of(
            Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
            OPTIONS.stream(),
            Stream.of(
                "-jar", application().resolve("target/quarkus-app/quarkus-run.jar").toString()))
        .flatMap(each -> each)
        .toList();
  }

  @Override
  Map<String, String> environment() {
    return Map.of();
  }

  /** Built once: it is started again with the application that it has. */
  @Override
  public boolean isHot() {
    return false;
  }
}
