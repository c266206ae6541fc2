package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Open Liberty, started by its script with a user directory of its own. */
final class InstalledLiberty extends InstalledServer {
  private static final String SERVER_XML =
      """
      <server>
        <featureManager>
          <feature>servlet-6.0</feature>
          <feature>transportSecurity-1.0</feature>
        </featureManager>
        <httpEndpoint id="defaultHttpEndpoint" host="127.0.0.1" httpPort="%d" httpsPort="%d" />
        <keyStore id="defaultKeyStore" location="%s" type="PKCS12" password="%s" />
        <applicationMonitor pollingRate="500ms" />
      </server>
      """;

  private final Path home;

  InstalledLiberty(Path home) throws IOException {
    this.home = home;
    Files.createDirectories(deployments());
    Files.writeString(
        server().resolve("server.xml"),
        SERVER_XML.formatted(plainPort(), tlsPort(), Tls.keyStore(), Tls.PASSWORD));
  }

  private Path server() {
    return base().resolve("servers/defaultServer");
  }

  @Override
  List<String> command() {
    return List.of("sh", home.resolve("bin/server").toString(), "run", "defaultServer");
  }

  @Override
  Map<String, String> environment() {
    return Map.of("WLP_USER_DIR", base().toString(), "JVM_ARGS", String.join(" ", OPTIONS));
  }

  @Override
  Path deployments() {
    return server().resolve("dropins");
  }
}
