package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Tomcat, started by its script with a base of its own. */
final class InstalledTomcat extends InstalledServer {
  private final Path home;

  InstalledTomcat(Path home) throws IOException {
    this.home = home;
    for (String each : List.of("conf", "webapps", "logs", "temp", "work")) {
      Files.createDirectories(base().resolve(each));
    }
    try (Stream<Path> files = Files.list(home.resolve("conf"))) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        Files.copy(each, base().resolve("conf").resolve(each.getFileName()));
      }
    }
    Path server = base().resolve("conf/server.xml");
    Files.writeString(server, changed(Files.readString(server)));
  }

  /** Its own ports on the loopback, a connector with TLS, and a look at the WARs each second. */
  private String changed(String serverXml) {
    String tls =
        """
        <Connector address="127.0.0.1" port="%d" protocol="HTTP/1.1" SSLEnabled="true">
          <UpgradeProtocol className="org.apache.coyote.http2.Http2Protocol" />
          <SSLHostConfig>
            <Certificate certificateKeystoreFile="%s" certificateKeystorePassword="%s" />
          </SSLHostConfig>
        </Connector>
        """
            .formatted(tlsPort(), Tls.keyStore(), Tls.PASSWORD);
    return serverXml
        .replace("<Server port=\"8005\"", "<Server port=\"-1\"")
        .replaceFirst(
            "<Connector port=\"8080\"",
            "<Connector address=\"127.0.0.1\" port=\"" + plainPort() + "\"")
        .replace(
            "<Engine name=\"Catalina\" defaultHost=\"localhost\">",
            tls
                + "<Engine name=\"Catalina\" defaultHost=\"localhost\""
                + " backgroundProcessorDelay=\"1\">");
  }

  @Override
  List<String> command() {
    return List.of("sh", home.resolve("bin/catalina.sh").toString(), "run");
  }

  @Override
  Map<String, String> environment() {
    return Map.of(
        "CATALINA_HOME",
        home.toString(),
        "CATALINA_BASE",
        base().toString(),
        "CATALINA_OPTS",
        String.join(" ", OPTIONS));
  }

  @Override
  Path deployments() {
    return base().resolve("webapps");
  }

  /** What a web application logs by its ServletContext is in a file of its own. */
  @Override
  List<Path> logs() throws IOException {
    try (Stream<Path> files = Files.list(base().resolve("logs"))) {
      return Stream.concat(
              Stream.of(log()),
              files.filter(each -> each.getFileName().toString().startsWith("localhost.")))
          .toList();
    }
  }
}
