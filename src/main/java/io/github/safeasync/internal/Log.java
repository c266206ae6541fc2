package io.github.safeasync.internal;

import io.github.safeasync.ClientDisconnectedException;
import io.github.safeasync.End;
import io.github.safeasync.HttpStatusException;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SlowClientException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the library says, under the logger {@code io.github.safeasync}. Whatever the application's
 * log throws, the line is lost and nothing else: what follows an end goes on.
 */
public final class Log {

  private static final Logger LOGGER = System.getLogger("io.github.safeasync");

  private Log() {}

  private static void log(Level level, String line, @Nullable Object... arguments) {
    try {
      LOGGER.log(level, line, arguments);
    } catch (Throwable lost) {
      // There is nobody to tell.
    }
  }

  private static void log(Level level, Supplier<String> line, @Nullable Throwable failure) {
    try {
      LOGGER.log(level, line, failure);
    } catch (Throwable lost) {
      // There is nobody to tell.
    }
  }

  private static boolean isLoggable(Level level) {
    try {
      return LOGGER.isLoggable(level);
    } catch (Throwable unknown) {
      return false;
    }
  }

  public static void installed(String filter, SafeAsyncConfig config, String detection) {
    log(Level.INFO, "{0}: {1}; detection {2}", filter, config, detection);
  }

  public static void secondFilter(String filter, String first) {
    log(
        Level.WARNING,
        "The filter {0} is mapped to a request that the filter {1} looks after: the settings of {1}"
            + " apply, those of {0} do not. Map one of them to each path; this is said once",
        filter,
        first);
  }

  public static void shutDown(String filter, int open) {
    log(Level.INFO, "{0}: stopped, {1,number,#} open exchanges ended SHUT_DOWN", filter, open);
  }

  /** It may be left out of a JVM, or be told not to. */
  public static void notInJmx(Object what, Throwable why) {
    log(Level.DEBUG, "JMX does not show {0}: {1}", what, why);
  }

  /**
   * The one line of a hang-up; its stack trace, if any, at TRACE only.
   *
   * @param about the exchange
   * @param work what becomes of its work, in a few words; asked only for a line that is written
   */
  public static void disconnected(Object about, End end, Supplier<String> work) {
    if (isLoggable(Level.DEBUG)) {
      log(Level.DEBUG, "The client has gone: {0} {1}; {2}", about, end, work.get());
    }
    if (isLoggable(Level.TRACE)) {
      end.cause().ifPresent(cause -> log(Level.TRACE, () -> "What showed the disconnect", cause));
    }
  }

  /**
   * As {@link #disconnected}, of a failure.
   *
   * @param ofConnection whether nothing has failed but the connection, which the container closed
   */
  public static void failed(Object about, End end, boolean ofConnection, Supplier<String> work) {
    Throwable cause = end.cause().orElse(null);
    if (ofConnection) {
      failed(Level.DEBUG, about, end, work);
    } else if (cause instanceof SlowClientException slow) {
      failed(slow.isStalled() ? Level.DEBUG : Level.WARNING, about, end, work);
    } else {
      log(
          Level.WARNING,
          () -> "An exchange failed: " + about + " " + end + "; " + work.get(),
          cause);
    }
  }

  private static void failed(Level level, Object about, End end, Supplier<String> work) {
    if (isLoggable(level)) {
      log(level, "An exchange failed: {0} {1}; {2}", about, end, work.get());
    }
  }

  /** What happened in a period. */
  public static void summary(String filter, Object counts) {
    log(Level.INFO, "{0}: {1}", filter, counts);
  }

  /** Of what an application has registered; {@code about} is the exchange. */
  public static void listenerFailed(Object about, Throwable failure) {
    Level level = isOfDeparture(failure) ? Level.TRACE : Level.WARNING;
    log(level, () -> "A listener failed on being told of the end of " + about, failure);
  }

  /** Whether somebody who puts things in order after a hang-up has met just that. */
  private static boolean isOfDeparture(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 8; depth++) {
      if (cause instanceof ClientDisconnectedException) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  public static void readListenerFailed(Object about, Throwable failure) {
    log(Level.WARNING, () -> "A ReadListener failed on being told of the end of " + about, failure);
  }

  /** An Error says that something is wrong with more than the work. */
  public static void cancelFailed(@Nullable Object about, Throwable failure) {
    log(
        failure instanceof Error ? Level.WARNING : Level.DEBUG,
        "Bound work could not be cancelled after the end of {0}: {1}",
        about,
        visible(failure));
  }

  /**
   * What may be of words that a client has sent; put into words only for a line that is written.
   */
  private record Shown(@Nullable Object said) {
    @Override
    public String toString() {
      return Visible.of(String.valueOf(said));
    }
  }

  private static Object visible(@Nullable Object said) {
    return new Shown(said);
  }

  public static void asyncListenerFailed(
      Object event, Object about, Throwable failure, boolean ofDeparture) {
    Level level = ofDeparture || isOfDeparture(failure) ? Level.TRACE : Level.WARNING;
    log(level, () -> "An AsyncListener failed on being told of " + event + " by " + about, failure);
  }

  public static void callbackAnswered(Object about, HttpStatusException answer) {
    log(
        Level.DEBUG,
        "A guarded callback answers {0,number,#} {1}: {2}",
        answer.status(),
        visible(answer.getMessage()),
        about);
  }

  /** A guarded callback failed after the end: nobody is there to be told. */
  public static void callbackFailedLate(Object about, Throwable failure) {
    log(
        Level.DEBUG,
        "A guarded callback failed after the end of {0}: {1}",
        about,
        visible(failure));
  }

  /** Nothing has come of a call; {@code about} is the exchange. */
  public static void ignored(Object about, String call, Object why) {
    log(Level.DEBUG, "Ignored {0} of {1}: {2}", call, about, visible(why));
  }

  /** The container refused a call with which the library ends an exchange. */
  public static void refused(Object about, String call, Throwable refusal) {
    log(Level.DEBUG, "The container refused {0} of {1}: {2}", call, about, visible(refusal));
  }

  /** What follows an end goes on with the next step. */
  public static void stepFailed(Object about, String what, Throwable failure) {
    log(Level.WARNING, () -> "Could not " + what + " of " + about, failure);
  }

  public static void notAborted(Object about, @Nullable Object connection) {
    log(
        Level.WARNING,
        "A response was cut off, but its connection could not be aborted: the client may take it"
            + " for whole: {0} ({1})",
        about,
        connection);
  }

  /** Of what runs on a thread of the library's; {@code about} is the exchange or the filter. */
  public static void taskFailed(Object about, Throwable failure) {
    log(Level.WARNING, () -> "A task failed of " + about, failure);
  }

  /**
   * Tasks come by the hundred where threads are short.
   *
   * @param first whether it has not been said before
   */
  public static void noThread(String prefix, Throwable why, boolean first) {
    log(
        first ? Level.WARNING : Level.DEBUG,
        "No thread {0}… could be started; its task waits for one. Of others it is said at DEBUG: {1}",
        prefix,
        why);
  }

  public static void exhausted(String prefix, int bound) {
    log(
        Level.WARNING,
        "All {1,number,#} threads {0}… are inside code of the application; more of it waits until"
            + " one comes back. Ends are decided and closed meanwhile. See where they are in a"
            + " thread dump; this is said once",
        prefix,
        bound);
  }

  public static void executorRefused(Object executor, Throwable refusal) {
    log(
        Level.WARNING,
        "The executor given to SafeAsyncConfig refuses tasks, which run on threads of the"
            + " filter''s own then; this is said once: {0}: {1}",
        executor,
        refusal);
  }

  public static void stayed(Map<Thread, StackTraceElement[]> threads) {
    log(
        Level.WARNING,
        "{0,number,#} threads that run code of the application did not end with the filter and are"
            + " interrupted: {1}",
        threads.size(),
        threads.entrySet().stream()
            .limit(8)
            .map(each -> whereabouts(each.getKey(), each.getValue()))
            .collect(Collectors.joining("; ")));
  }

  private static String whereabouts(Thread thread, StackTraceElement[] stack) {
    return Stream.of(stack)
        .limit(8)
        .map(StackTraceElement::toString)
        .collect(Collectors.joining(" < ", thread.getName() + " in ", ""));
  }

  public static void stuck(Object state) {
    log(Level.WARNING, "A call is still inside the container at its own end: {0}", state);
  }
}
