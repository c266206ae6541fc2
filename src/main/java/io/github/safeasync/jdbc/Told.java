package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.ClientDisconnectedException;
import java.sql.SQLException;
import java.sql.SQLNonTransientException;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who has been told by an exception that an exchange's work is cancelled. A thread is told once, as
 * by an interrupt: what it does after that puts things in order, and is left alone. Thread-safe.
 */
final class Told {

  /** What SQL calls a statement that was cancelled, class 57 with PostgreSQL, H2 and Db2. */
  private static final String CANCELLED = "57014";

  /** Ids of threads. */
  private static final Map<CancellationToken, Set<Long>> THREADS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private Told() {}

  /** Remembers that the calling thread is told; returns false if it was before. */
  private static boolean tell(CancellationToken token) {
    return THREADS
        .computeIfAbsent(token, unused -> ConcurrentHashMap.newKeySet())
        .add(Thread.currentThread().getId());
  }

  /**
   * Called by a thread that is about to begin a query for a token that is cancelled.
   *
   * @throws SQLException if the thread was not told before
   */
  static void orThrow(CancellationToken token) throws SQLException {
    if (tell(token)) {
      Throwable why = why(token);
      SQLException refusal =
          new SQLNonTransientException("The query was not begun: " + why.getMessage(), CANCELLED);
      refusal.addSuppressed(why);
      throw refusal;
    }
  }

  /** Called by a thread whose statement was cancelled, and has failed. */
  static void by(Throwable failure, CancellationToken token) {
    if (failure instanceof SQLException && token.isCancelled()) {
      tell(token);
      failure.addSuppressed(why(token));
    }
  }

  /** A {@link ClientDisconnectedException}, or what else has ended the exchange. */
  private static Throwable why(CancellationToken token) {
    try {
      token.throwIfCancelled();
      throw new IllegalStateException("The token is not cancelled: " + token);
    } catch (CancellationException e) {
      return e.getCause() instanceof ClientDisconnectedException gone ? gone : e;
    }
  }
}
