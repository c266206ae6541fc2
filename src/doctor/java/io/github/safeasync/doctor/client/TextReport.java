package io.github.safeasync.doctor.client;

import java.io.PrintStream;
import java.util.List;

/** For a person. */
final class TextReport implements Report {

  private final PrintStream out;

  TextReport(PrintStream out) {
    this.out = out;
  }

  @Override
  public void done(String url, Server server, List<Finding> findings) {
    out.println(url + (server.ingress().isEmpty() ? "" : " (answers as " + server.ingress() + ")"));
    for (Finding each : findings) {
      out.printf("  %-13s %s%n", each.way().words(), line(each));
    }
    if (findings.stream().anyMatch(each -> each.verdict().isHidden())) {
      out.println();
      Advice.of(server).forEach(out::println);
    } else if (findings.stream().noneMatch(each -> each.verdict() == Verdict.NOT_CHECKED)) {
      out.println(
          "Each departure reaches the server, which notices it by " + server.detection() + ".");
    }
  }

  private static String line(Finding finding) {
    return switch (finding.verdict()) {
      case PROPAGATES -> "PROPAGATES in " + finding.millis() + " ms, " + finding.detail();
      case ONLY_ON_WRITE -> "HIDDEN, noticed ONLY ON WRITE, " + finding.detail();
      case HIDDEN -> "HIDDEN, " + finding.detail();
      case NOT_APPLICABLE -> "not checked, as " + finding.detail();
      case NOT_CHECKED -> "NOT CHECKED: " + finding.detail();
    };
  }

  @Override
  public void failed(String url, String problem) {
    out.println(url + " could not be checked. " + problem);
  }
}
