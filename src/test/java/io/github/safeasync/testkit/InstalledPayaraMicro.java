package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Payara Micro, a jar that is run, and that deploys what is there when it starts. */
final class InstalledPayaraMicro extends InstalledServer {
  private static final String LOOPBACK =
      """
      set configs.config.server-config.network-config.network-listeners.network-listener.%s.address=127.0.0.1
      set configs.config.server-config.network-config.network-listeners.network-listener.%s.address=127.0.0.1
      """;

  private final Path jar;

  InstalledPayaraMicro(Path jar) throws IOException {
    this.jar = jar;
    Files.createDirectories(deployments());
    Files.writeString(commands(), LOOPBACK.formatted("http-listener", "https-listener"));
  }

  private Path commands() {
    return base().resolve("commands");
  }

  @Override
  List<String> command() {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(OPTIONS);
    command.addAll(
        List.of(
            "-jar",
            jar.toString(),
            "--noCluster",
            "--rootDir",
            base().resolve("runtime").toString(),
            "--prebootcommandfile",
            commands().toString(),
            "--port",
            String.valueOf(plainPort()),
            "--sslPort",
            String.valueOf(tlsPort()),
            "--deploymentDir",
            deployments().toString()));
    return command;
  }

  @Override
  Map<String, String> environment() {
    return Map.of();
  }

  @Override
  Path deployments() {
    return base().resolve("deployments");
  }

  @Override
  public boolean isHot() {
    return false;
  }
}
