package io.github.safeasync.chaos;

import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * What is logged above INFO, or with a stack trace, but for what the application was told to fail
 * with. Nothing of it is printed. Thread-safe.
 */
final class Complaints extends Handler implements AutoCloseable {

  /** Tomcat meets a frame that was on its way when its client reset the stream. */
  private static final String FRAME_BEHIND_RESET = "State [CLOSED_RST_RX], Frame type [";

  /** Undertow completes a request whose stream its client resets meanwhile. */
  private static final String COMPLETED_BEHIND_RESET =
      "at io.undertow.server.protocol.framed.AbstractFramedStreamSinkChannel.safeToSend(";

  private static final List<String> OF_RESETS = List.of(FRAME_BEHIND_RESET, COMPLETED_BEHIND_RESET);

  private static final Logger ROOT = Logger.getLogger("");

  private final Ledger ledger;
  private final List<Handler> silenced = List.of(ROOT.getHandlers());

  Complaints(Ledger ledger) {
    this.ledger = ledger;
    silenced.forEach(ROOT::removeHandler);
    ROOT.addHandler(this);
  }

  @Override
  public void publish(LogRecord each) {
    boolean isLoud = each.getLevel().intValue() > Level.INFO.intValue();
    boolean hasStack =
        each.getThrown() != null && each.getLevel().intValue() >= Level.FINE.intValue();
    if ((isLoud || hasStack) && !Deliberate.isCauseOf(each.getThrown())) {
      String line = new SimpleFormatter().format(each);
      if (!Zone.isCauseOf(line) && OF_RESETS.stream().noneMatch(line::contains)) {
        ledger.found(Fault.COMPLAINT, line);
      }
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    ROOT.removeHandler(this);
    silenced.forEach(ROOT::addHandler);
  }
}
