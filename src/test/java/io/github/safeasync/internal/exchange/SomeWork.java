package io.github.safeasync.internal.exchange;

import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncResponse;

/** An exchange of which nobody has taken anything. */
final class SomeWork implements CurrentExchange.Work {

  @Override
  public CancellationToken token() {
    return CancellationToken.none();
  }

  @Override
  public SafeAsyncResponse response() {
    return null;
  }
}
