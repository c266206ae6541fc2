package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Jetty, started by its start.jar with a base of its own. */
final class InstalledJetty extends InstalledServer {
  private final Path home;
  private final String environment;

  InstalledJetty(Path home, String environment) throws IOException {
    this.home = home;
    this.environment = environment;
    Files.createDirectories(deployments());
    Files.createDirectories(base().resolve("environments"));
  }

  /** What stands behind a module of an environment is a property of that alone. */
  @Override
  List<String> command() {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(OPTIONS);
    command.addAll(
        List.of(
            "-jar",
            home.resolve("start.jar").toString(),
            "jetty.home=" + home,
            "jetty.base=" + base(),
            "jetty.http.host=127.0.0.1",
            "jetty.http.port=" + plainPort(),
            "jetty.ssl.host=127.0.0.1",
            "jetty.ssl.port=" + tlsPort(),
            "jetty.sslContext.keyStorePath=" + Tls.keyStore(),
            "jetty.sslContext.keyStorePassword=" + Tls.PASSWORD,
            "jetty.sslContext.keyManagerPassword=" + Tls.PASSWORD,
            "jetty.deploy.scanInterval=1",
            "--module=http,https,http2c,http2," + environment + "-deploy"));
    return command;
  }

  @Override
  Map<String, String> environment() {
    return Map.of();
  }

  @Override
  Path deployments() {
    return base().resolve("webapps");
  }
}
