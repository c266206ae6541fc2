package io.github.safeasync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is logged by the library, from FINEST, and by the containers, from INFO, until it
 * is closed. All of them log through java.util.logging in the tests. Thread-safe; what other tests
 * log at the same time is heard as well.
 *
 * @since 0.1.0
 */
public final class Logs implements AutoCloseable {
  private static final String LIBRARY = "io.github.safeasync";

  /** Kept, as java.util.logging holds loggers, and so their levels, weakly. */
  private static final Logger LIBRARY_LOGGER = Logger.getLogger(LIBRARY);

  private static final Logger ROOT = Logger.getLogger("");

  private final List<LogRecord> records = new CopyOnWriteArrayList<>();
  private final Recorder recorder = new Recorder();

  private final List<Handler> silenced;

  private Logs(List<Handler> silenced) {
    this.silenced = silenced;
    LIBRARY_LOGGER.setLevel(Level.ALL);
    ROOT.addHandler(recorder);
    silenced.forEach(ROOT::removeHandler);
  }

  /**
   * Starts to listen.
   *
   * @return what listens, to be closed by the caller
   */
  public static Logs capture() {
    return new Logs(List.of());
  }

  /**
   * Starts to listen in the console's place, for tests that make a container complain.
   *
   * @return what listens, to be closed by the caller
   */
  public static Logs swallow() {
    return new Logs(List.of(ROOT.getHandlers()));
  }

  /** {@return all records so far, oldest first} */
  public List<LogRecord> records() {
    return List.copyOf(records);
  }

  /** {@return the library's own records so far} */
  public List<LogRecord> ofLibrary() {
    return select().filter(each -> isOfLibrary(each.getLoggerName())).toList();
  }

  /**
   * {@return the library's own lines of a level, oldest first}
   *
   * @param level of the lines
   */
  public List<String> lines(Level level) {
    SimpleFormatter formatter = new SimpleFormatter();
    return ofLibrary().stream()
        .filter(each -> each.getLevel().equals(level))
        .map(formatter::formatMessage)
        .toList();
  }

  /**
   * {@return what the library logged with a stack trace at a level}
   *
   * @param level of the lines
   */
  public List<Throwable> throwables(Level level) {
    return ofLibrary().stream()
        .filter(each -> each.getLevel().equals(level))
        .map(LogRecord::getThrown)
        .filter(Objects::nonNull)
        .toList();
  }

  /** {@return the records so far of WARNING and SEVERE, whoever wrote them} */
  public List<LogRecord> aboveInfo() {
    return select().filter(each -> isAbove(Level.INFO, each)).toList();
  }

  /** {@return what was logged with a stack trace above FINER} */
  public List<Throwable> throwables() {
    return select()
        .filter(each -> isAbove(Level.FINER, each))
        .map(LogRecord::getThrown)
        .filter(Objects::nonNull)
        .toList();
  }

  /** Forgets what was heard so far. */
  public void clear() {
    records.clear();
  }

  /**
   * Fails if anyone logged a warning, or a stack trace above FINER. Tomcat tells, once, of a client
   * that still opens a window for the stream it has cancelled: nothing that a server could help.
   */
  public void assertQuiet() {
    SimpleFormatter formatter = new SimpleFormatter();
    List<String> loud =
        select()
            .filter(each -> isAbove(Level.INFO, each) || hasVisibleStack(each))
            .filter(each -> !isLateWindow(each.getThrown()))
            .map(formatter::format)
            .toList();
    assertThat(loud).as("warnings and stack traces in the log").isEmpty();
  }

  /** Stops listening; what was heard stays readable. */
  @Override
  public void close() {
    silenced.forEach(ROOT::addHandler);
    ROOT.removeHandler(recorder);
  }

  private Stream<LogRecord> select() {
    return records.stream();
  }

  private static boolean hasVisibleStack(LogRecord each) {
    return each.getThrown() != null && isAbove(Level.FINER, each);
  }

  private static boolean isAbove(Level level, LogRecord each) {
    return each.getLevel().intValue() > level.intValue();
  }

  private static boolean isLateWindow(@Nullable Throwable told) {
    String message = told == null ? null : told.getMessage();
    return message != null && message.contains("State [CLOSED_RST_RX], Frame type [WINDOW_UPDATE]");
  }

  private static boolean isOfLibrary(String logger) {
    return logger != null && (logger.equals(LIBRARY) || logger.startsWith(LIBRARY + "."));
  }

  private final class Recorder extends Handler {
    Recorder() {
      setLevel(Level.ALL);
    }

    @Override
    public void publish(LogRecord each) {
      each.getSourceMethodName(); // Resolved now: later the stack is another one.
      records.add(each);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
