package io.github.safeasync.demo;

import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** One line a record on the console, up to the very end of the process. */
final class DemoLog {

  private static final Logger ROOT = Logger.getLogger("");

  /** Held, or it would be forgotten with its level. */
  private static final Logger SERVER = Logger.getLogger("org.eclipse.jetty");

  private DemoLog() {}

  static void start() {
    SERVER.setLevel(Level.WARNING);
    for (Handler handler : ROOT.getHandlers()) {
      ROOT.removeHandler(handler);
    }
    ROOT.addHandler(console());
  }

  /**
   * To be called in a shutdown hook: java.util.logging has a hook of its own that takes all
   * handlers away, at the same time; what is logged after that would be lost.
   */
  static void outliveReset() throws InterruptedException {
    for (int i = 0; i < 200 && ROOT.getHandlers().length > 0; i++) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    start();
  }

  private static Handler console() {
    ConsoleHandler handler = new ConsoleHandler();
    handler.setFormatter(new OneLine());
    return handler;
  }

  private static final class OneLine extends Formatter {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

    private final Formatter withTrace = new SimpleFormatter();

    @Override
    public String format(LogRecord record) {
      if (record.getThrown() != null) {
        return withTrace.format(record);
      }
      String time = TIME.format(LocalTime.ofInstant(record.getInstant(), ZoneId.systemDefault()));
      return time + " " + record.getLevel() + " " + formatMessage(record) + System.lineSeparator();
    }
  }
}
