package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** WildFly, started by its script with a base directory of its own. */
final class InstalledWildFly extends InstalledServer {
  private final Path home;

  InstalledWildFly(Path home) throws IOException {
    this.home = home;
    Files.createDirectories(deployments());
    copyAll(home.resolve("standalone/configuration"), base().resolve("configuration"));
    Path config = base().resolve("configuration/standalone.xml");
    Files.writeString(
        config,
        Files.readString(config)
            .replace(
                "<file path=\"application.keystore\" relative-to=\"jboss.server.config.dir\"/>",
                "<file path=\"" + Tls.keyStore() + "\"/>")
            .replace("<implementation type=\"JKS\"/>", "<implementation type=\"PKCS12\"/>")
            .replace("clear-text=\"password\"", "clear-text=\"" + Tls.PASSWORD + "\"")
            .replace(" generate-self-signed-certificate-host=\"localhost\"", "")
            .replace("scan-interval=\"5000\"", "scan-interval=\"1000\"")
            .replace("port=\"4712\"", "port=\"" + freePort() + "\"")
            .replace("port=\"4713\"", "port=\"" + freePort() + "\""));
  }

  @Override
  List<String> command() {
    return List.of(
        "sh",
        home.resolve("bin/standalone.sh").toString(),
        "-b",
        "127.0.0.1",
        "-bmanagement",
        "127.0.0.1",
        "-Djboss.server.base.dir=" + base(),
        "-Djboss.http.port=" + plainPort(),
        "-Djboss.https.port=" + tlsPort(),
        "-Djboss.management.http.port=" + freePort());
  }

  @Override
  Map<String, String> environment() {
    return Map.of("PREPEND_JAVA_OPTS", String.join(" ", OPTIONS));
  }

  @Override
  Path deployments() {
    return base().resolve("deployments");
  }
}
