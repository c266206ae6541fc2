package io.github.safeasync.internal.exchange;

import io.github.safeasync.End;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;

/** An exchange without a request, current on the threads that a test chooses. */
public final class FreeExchange implements CurrentExchange.Work, AutoCloseable {

  private final FilterScope scope = new FilterScope(SafeAsyncConfig.defaults());
  private final Cancellation cancellation;

  public FreeExchange(String method) {
    cancellation = new Cancellation(scope, CancelSettings.DEFAULTS, method, this, null);
  }

  @Override
  public Cancellation token() {
    return cancellation;
  }

  @Override
  public SafeAsyncResponse response() {
    return null;
  }

  /** The client leaves. */
  public void hangUp() {
    cancellation.ended(SomeEnd.of(End.Kind.DISCONNECTED));
  }

  /** How much is bound. */
  public int bound() {
    return cancellation.bound();
  }

  @Override
  public void close() {
    scope.shutDown();
  }
}
