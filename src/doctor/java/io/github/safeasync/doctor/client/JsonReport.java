package io.github.safeasync.doctor.client;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;

/** For a script: one line. */
final class JsonReport implements Report {

  private final PrintStream out;

  JsonReport(PrintStream out) {
    this.out = out;
  }

  @Override
  public void done(String url, Server server, List<Finding> findings) {
    out.println(
        "{\"url\":%s,\"ingress\":%s,\"detection\":%s,\"hangUps\":[%s]}"
            .formatted(
                quoted(url),
                quoted(server.ingress()),
                quoted(server.detection()),
                findings.stream().map(JsonReport::json).collect(Collectors.joining(","))));
  }

  private static String json(Finding finding) {
    String millis = finding.millis() < 0 ? "null" : Long.toString(finding.millis());
    return "{\"hangUp\":%s,\"verdict\":%s,\"millis\":%s,\"detail\":%s}"
        .formatted(
            quoted(finding.way().name()),
            quoted(finding.verdict().name()),
            millis,
            quoted(finding.detail()));
  }

  @Override
  public void failed(String url, String problem) {
    out.println("{\"url\":%s,\"problem\":%s}".formatted(quoted(url), quoted(problem)));
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char each : text.toCharArray()) {
      switch (each) {
        case '"', '\\' -> quoted.append('\\').append(each);
        case '\n' -> quoted.append("\\n");
        default -> {
          if (each < ' ') {
            quoted.append("\\u%04x".formatted((int) each));
          } else {
            quoted.append(each);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }
}
