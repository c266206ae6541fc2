package io.github.safeasync;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** What the library logs, at every level and in place of the console, until it is closed. */
final class LogRecords extends Handler implements AutoCloseable {

  private final Logger logger = Logger.getLogger("io.github.safeasync");
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();

  private LogRecords() {}

  static LogRecords capture() {
    LogRecords captured = new LogRecords();
    captured.setLevel(Level.ALL);
    captured.logger.setLevel(Level.ALL);
    captured.logger.setUseParentHandlers(false);
    captured.logger.addHandler(captured);
    return captured;
  }

  /** Answers the lines of a level, oldest first. */
  List<String> at(Level level) {
    SimpleFormatter formatter = new SimpleFormatter();
    return records.stream()
        .filter(each -> each.getLevel().equals(level))
        .map(formatter::formatMessage)
        .toList();
  }

  /** Answers what was logged with a stack trace at a level. */
  List<Throwable> thrownAt(Level level) {
    return records.stream()
        .filter(each -> each.getLevel().equals(level) && each.getThrown() != null)
        .map(LogRecord::getThrown)
        .toList();
  }

  @Override
  public void publish(LogRecord each) {
    records.add(each);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(true);
    logger.setLevel(null);
  }
}
