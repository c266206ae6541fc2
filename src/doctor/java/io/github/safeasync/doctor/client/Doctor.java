package io.github.safeasync.doctor.client;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** {@code java -jar safe-async-<version>-doctor.jar URL}: with {@code --help} it says the rest. */
public final class Doctor {

  /** The exit status if every departure reaches the server by itself. */
  public static final int PROPAGATES = 0;

  /** The exit status if one does not. */
  public static final int HIDDEN = 1;

  /** The exit status if that could not be found out. */
  public static final int NOT_CHECKED = 2;

  private Doctor() {}

  /** Checks, prints, and ends with the exit status. */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out, System.err));
  }

  /**
   * Checks and prints.
   *
   * @return the exit status
   */
  public static int run(List<String> words, PrintStream out, PrintStream progress) {
    Arguments arguments;
    try {
      arguments = Arguments.of(words);
    } catch (Complaint wrong) {
      progress.println(wrong.getMessage());
      progress.println(Arguments.usage());
      return NOT_CHECKED;
    }
    if (arguments.isQuestion()) {
      out.println(arguments.isVersion() ? Arguments.version() : Arguments.usage());
      return PROPAGATES;
    }
    Report report = arguments.isJson() ? new JsonReport(out) : new TextReport(out);
    try {
      return check(arguments, report, new Progress(progress, System.console() != null));
    } catch (Complaint unreachable) {
      report.failed(arguments.url().toString(), unreachable.getMessage());
      return NOT_CHECKED;
    }
  }

  private static int check(Arguments arguments, Report report, Progress progress) throws Complaint {
    Server server = Server.at(arguments);
    Examination examination = new Examination(server, arguments, progress);
    List<Finding> findings = new ArrayList<>();
    for (HangUp each : HangUp.values()) {
      Finding finding = examination.of(each);
      progress.clear();
      findings.add(finding);
    }
    report.done(arguments.url().toString(), server, findings);
    return status(findings);
  }

  private static int status(List<Finding> findings) {
    if (findings.stream().anyMatch(each -> each.verdict().isHidden())) {
      return HIDDEN;
    }
    boolean failed = findings.stream().anyMatch(each -> each.verdict() == Verdict.NOT_CHECKED);
    boolean some = findings.stream().anyMatch(each -> each.verdict() == Verdict.PROPAGATES);
    return some && !failed ? PROPAGATES : NOT_CHECKED;
  }
}
