package io.github.safeasync.context;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.Handle;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

/**
 * Lets Micrometer's context-propagation carry the current exchange. It is found by itself, as a
 * service; nothing is to be called. Thread-safe.
 *
 * @since 0.1.0
 */
public final class SafeAsyncContextAccessor implements ThreadLocalAccessor<CancellationToken> {

  /** The key of the token in a snapshot, and in Reactor's context. */
  public static final String KEY = "io.github.safeasync.token";

  /** Makes one, for the service loader. */
  public SafeAsyncContextAccessor() {}

  /**
   * Returns the key of the token.
   *
   * @return {@link #KEY}
   */
  @Override
  public Object key() {
    return KEY;
  }

  /**
   * Returns the token of the exchange that the calling thread works for.
   *
   * @return the token; null on a thread that works for none
   */
  @Override
  public @Nullable CancellationToken getValue() {
    CancellationToken current = CancellationToken.current();
    return current == CancellationToken.none() ? null : current;
  }

  /**
   * Has the calling thread work for the exchange of a token.
   *
   * @param token the token
   */
  @Override
  public void setValue(CancellationToken token) {
    Handle unused = token.makeCurrent(); // What was there before comes back by restore.
  }

  /** Has the calling thread work for no exchange. */
  @Override
  public void setValue() {
    setValue(CancellationToken.none());
  }

  /**
   * Has the calling thread work for the exchange that it worked for before.
   *
   * @param previous the token of that
   */
  @Override
  public void restore(CancellationToken previous) {
    setValue(previous);
  }

  /** Has the calling thread work for no exchange, as before. */
  @Override
  public void restore() {
    setValue();
  }
}
