package io.github.safeasync.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** GlassFish, started by asadmin with a domain of its own. */
final class InstalledGlassFish extends InstalledServer {
  private static final List<String> OTHER_PORTS =
      List.of("4848", "3700", "3820", "3920", "8686", "7676", "6666");

  private final Path home;

  InstalledGlassFish(Path home) throws IOException {
    this.home = home;
    copyAll(home.resolve("glassfish/domains/domain1"), domain());
    Files.createDirectories(deployments());
    Path config = domain().resolve("config/domain.xml");
    String text =
        Files.readString(config)
            .replace("<network-listener port=", "<network-listener address=\"127.0.0.1\" port=")
            .replace("0.0.0.0", "127.0.0.1")
            .replace("\"8080\"", "\"" + plainPort() + "\"")
            .replace("\"8181\"", "\"" + tlsPort() + "\"")
            .replace("<jvm-options>-Xmx512m</jvm-options>", options());
    for (String port : OTHER_PORTS) {
      text = text.replace(port, String.valueOf(freePort()));
    }
    Files.writeString(config, text);
  }

  private static String options() {
    return "<jvm-options>" + String.join("</jvm-options><jvm-options>", OPTIONS) + "</jvm-options>";
  }

  private Path domain() {
    return base().resolve("domain1");
  }

  @Override
  List<String> command() {
    return List.of(
        "sh",
        home.resolve("glassfish/bin/asadmin").toString(),
        "start-domain",
        "--verbose",
        "--domaindir",
        base().toString(),
        "domain1");
  }

  @Override
  Map<String, String> environment() {
    return Map.of("AS_JAVA", System.getProperty("java.home"));
  }

  @Override
  Path deployments() {
    return domain().resolve("autodeploy");
  }
}
