package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Payara Micro, a jar that is run, and that deploys what is there when it starts. */
final class InstalledPayaraMicro extends InstalledServer {
  private final Path jar;

  InstalledPayaraMicro(Path jar) throws IOException {
    this.jar = jar;
    Files.createDirectories(deployments());
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
            "--address",
            "127.0.0.1",
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
  boolean isHot() {
    return false;
  }
}
