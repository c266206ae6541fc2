package io.github.safeasync;

import jakarta.servlet.ServletContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What became of the exchanges of one filter since it was made: a live view, of which each method
 * returns what is known at its call.
 *
 * <p>An exchange is a request that has become asynchronous, or whose client is watched; others pass
 * through and are not counted. Each is counted once, by its end. The counts agree with each other
 * once nothing is under way.
 *
 * <p>The same is shown by JMX: see {@link SafeAsyncStatsMXBean}. Thread-safe; no method waits.
 *
 * @see SafeAsyncFilter#stats
 * @since 0.1.0
 */
public interface SafeAsyncStats {

  /** The attribute of a ServletContext that {@link #of} reads. */
  String ATTRIBUTE = "io.github.safeasync.SafeAsyncStats";

  /**
   * The kinds of work that end with an exchange. Immutable and thread-safe.
   *
   * @since 0.1.0
   */
  enum Work {
    /** A Future, which was cancelled. */
    FUTURE,
    /** A statement, or what else of JDBC was bound, and the queries of a wrapped DataSource. */
    QUERY,
    /** What was closed, or cancelled by a lambda: a call of another service, say. */
    RESOURCE,
    /** A thread, which was interrupted. */
    THREAD
  }

  /**
   * How often something happened, and how long it took. Immutable and thread-safe.
   *
   * @param count how often it happened
   * @param total all the times together
   * @param longest the longest of them, zero if there is none
   * @param buckets the histogram, in order; what took longer than the last bound is in none
   * @since 0.1.0
   */
  record Times(long count, Duration total, Duration longest, List<Bucket> buckets) {

    /**
     * Makes it of its parts.
     *
     * @param count how often it happened
     * @param total all the times together
     * @param longest the longest of them
     * @param buckets the histogram
     * @throws NullPointerException if a part is null
     */
    public Times {
      Objects.requireNonNull(total, "total");
      Objects.requireNonNull(longest, "longest");
      buckets = List.copyOf(buckets);
    }

    /**
     * Returns the mean of the times.
     *
     * @return the mean, zero if there is none
     */
    public Duration mean() {
      return count == 0 ? Duration.ZERO : total.dividedBy(count);
    }
  }

  /**
   * A part of a histogram. Immutable and thread-safe.
   *
   * @param upTo the longest time that is counted here
   * @param count how many took as long, and longer than the bound of the bucket before
   * @since 0.1.0
   */
  record Bucket(Duration upTo, long count) {

    /**
     * Makes it of its parts.
     *
     * @param upTo the longest time that is counted here
     * @param count how many there are
     * @throws NullPointerException if the time is null
     */
    public Bucket {
      Objects.requireNonNull(upTo, "upTo");
    }
  }

  /**
   * An exchange whose client has left. Immutable and thread-safe.
   *
   * @param exchange its number, as in the log and in what a SafeAsyncResponse shows of itself
   * @param method of the request
   * @param path of the request, as it came, without the query
   * @param end its end, which has a departure
   * @param detection as in {@link SafeAsyncStats#detection}; empty where the watcher did not tell
   * @since 0.1.0
   */
  record Disconnected(
      long exchange, String method, String path, End end, Optional<Duration> detection) {

    /**
     * Makes it of its parts.
     *
     * @param exchange the exchange's number
     * @param method of the request
     * @param path of the request
     * @param end its end
     * @param detection how long the detection took
     * @throws NullPointerException if a part is null
     */
    public Disconnected {
      Objects.requireNonNull(method, "method");
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(end, "end");
      Objects.requireNonNull(detection, "detection");
    }
  }

  /**
   * Returns what is known of the filters of an application.
   *
   * @param context the application's
   * @return an immutable copy, by the filters' names; empty if none is installed
   * @throws NullPointerException if the context is null
   */
  static Map<String, SafeAsyncStats> of(ServletContext context) {
    return FilterStats.of(Objects.requireNonNull(context, "context"));
  }

  /**
   * Returns how many exchanges are under way.
   *
   * @return how many have begun and not ended
   */
  long open();

  /**
   * Returns how many connections and HTTP/2 streams are watched for a disconnect: those of
   * exchanges that have been pending for {@code detect-after}.
   *
   * @return how many
   */
  long watched();

  /**
   * Returns how many bytes of responses were written, and not yet taken by the container: of all
   * exchanges together. Looks at each.
   *
   * @return how many
   */
  long pendingBytes();

  /**
   * Returns how many exchanges have ended.
   *
   * @param kind in which way
   * @return how many
   * @throws NullPointerException if the kind is null
   */
  long ended(End.Kind kind);

  /**
   * Returns how many exchanges have ended DISCONNECTED.
   *
   * @param evidence by what showed the disconnect
   * @return how many
   * @throws NullPointerException if the evidence is null
   */
  long disconnected(Evidence evidence);

  /**
   * Returns how much work was cancelled because its exchange has ended. What was finished by itself
   * before is not counted.
   *
   * @param kind of the work
   * @return how much
   * @throws NullPointerException if the kind is null
   */
  long cancelled(Work kind);

  /**
   * Returns how long it took to notice disconnects, as far as this side can tell: from the first
   * moment at which the watcher could see a sign of it to the decision that the exchange has ended.
   * That moment is the selector's wake-up; where a connection or a stream is looked at in
   * intervals, the last look that found it in order, so that the time is an upper bound. What
   * network and kernel take before is not in it, nor are disconnects that a failing write or the
   * container told, which took no time.
   *
   * @return the times; their count is that of the disconnects that the watcher noticed
   */
  Times detection();

  /**
   * Returns how long requests had run when their clients left.
   *
   * @return the times; their count is that of the exchanges that ended DISCONNECTED
   */
  Times disconnectedAfter();

  /**
   * Calls a listener for each exchange that ends DISCONNECTED from now on, on the threads of the
   * filter that run listeners. A failure of the listener is logged.
   *
   * @param listener is told
   * @return takes the listener back
   * @throws NullPointerException if the listener is null
   */
  Handle onDisconnect(Consumer<? super Disconnected> listener);
}
