package io.github.safeasync;

/**
 * {@link SafeAsyncStats} as JMX shows them, under {@code
 * io.github.safeasync:type=SafeAsyncStats,context="/app",filter="safe-async"}. Where that name is
 * taken, by the same application on another server of the JVM say, an {@code instance=2} follows.
 * It is there from the filter's start to its end, where the JVM has the module {@code
 * java.management}. Thread-safe; no method waits.
 *
 * @since 0.1.0
 */
public interface SafeAsyncStatsMXBean {

  /**
   * Returns {@link SafeAsyncStats#open}.
   *
   * @return how many exchanges are under way
   */
  long getOpen();

  /**
   * Returns {@link SafeAsyncStats#watched}.
   *
   * @return how many connections and streams are watched
   */
  long getWatched();

  /**
   * Returns {@link SafeAsyncStats#pendingBytes}.
   *
   * @return how many bytes wait for their clients
   */
  long getPendingBytes();

  /**
   * Returns how many exchanges have ended {@link End.Kind#COMPLETED}.
   *
   * @return how many
   */
  long getCompleted();

  /**
   * Returns how many exchanges have ended {@link End.Kind#DISCONNECTED}.
   *
   * @return how many
   */
  long getDisconnected();

  /**
   * Returns how many exchanges have ended {@link End.Kind#TIMED_OUT}.
   *
   * @return how many
   */
  long getTimedOut();

  /**
   * Returns how many exchanges have ended {@link End.Kind#FAILED}.
   *
   * @return how many
   */
  long getFailed();

  /**
   * Returns how many exchanges have ended {@link End.Kind#SHUT_DOWN}.
   *
   * @return how many
   */
  long getShutDown();

  /**
   * Returns how many disconnects were shown by {@link Evidence#FIN}.
   *
   * @return how many
   */
  long getDisconnectedByFin();

  /**
   * Returns how many disconnects were shown by {@link Evidence#RST}.
   *
   * @return how many
   */
  long getDisconnectedByRst();

  /**
   * Returns how many disconnects were shown by {@link Evidence#HTTP2_RESET}.
   *
   * @return how many
   */
  long getDisconnectedByHttp2Reset();

  /**
   * Returns how many disconnects were shown by {@link Evidence#CONNECTION_LOST}.
   *
   * @return how many
   */
  long getDisconnectedByConnectionLost();

  /**
   * Returns how many disconnects were shown by {@link Evidence#WRITE_FAILED}.
   *
   * @return how many
   */
  long getDisconnectedByWriteFailed();

  /**
   * Returns how many disconnects were shown by {@link Evidence#HEARTBEAT}.
   *
   * @return how many
   */
  long getDisconnectedByHeartbeat();

  /**
   * Returns how much of {@link SafeAsyncStats.Work#FUTURE} was cancelled.
   *
   * @return how much
   */
  long getCancelledFutures();

  /**
   * Returns how much of {@link SafeAsyncStats.Work#QUERY} was cancelled.
   *
   * @return how much
   */
  long getCancelledQueries();

  /**
   * Returns how much of {@link SafeAsyncStats.Work#RESOURCE} was cancelled.
   *
   * @return how much
   */
  long getCancelledResources();

  /**
   * Returns how much of {@link SafeAsyncStats.Work#THREAD} was interrupted.
   *
   * @return how much
   */
  long getCancelledThreads();

  /**
   * Returns how many disconnects the watcher has noticed: the count of {@link
   * SafeAsyncStats#detection}.
   *
   * @return how many
   */
  long getDetectionCount();

  /**
   * Returns the mean of {@link SafeAsyncStats#detection}.
   *
   * @return milliseconds
   */
  double getDetectionMeanMillis();

  /**
   * Returns the longest of {@link SafeAsyncStats#detection}.
   *
   * @return milliseconds
   */
  double getDetectionLongestMillis();

  /**
   * Returns the mean of {@link SafeAsyncStats#disconnectedAfter}.
   *
   * @return milliseconds
   */
  double getDisconnectedAfterMeanMillis();

  /**
   * Returns the longest of {@link SafeAsyncStats#disconnectedAfter}.
   *
   * @return milliseconds
   */
  double getDisconnectedAfterLongestMillis();
}
