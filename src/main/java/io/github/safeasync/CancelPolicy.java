package io.github.safeasync;

/**
 * For which requests the work is cancelled when the client disconnects. Immutable and thread-safe.
 *
 * @see SafeAsyncConfig.Builder#cancel
 * @see SafeAsyncResponse#cancelPolicy
 * @since 0.1.0
 */
public enum CancelPolicy {
  /**
   * GET, HEAD and OPTIONS: those of which a client expects no effect but the response. Other work
   * runs to its end, what it writes is dropped, and the listeners of the end are told.
   */
  SAFE_METHODS {
    @Override
    public boolean cancels(String method) {
      return switch (method) {
        case "GET", "HEAD", "OPTIONS" -> true;
        default -> false;
      };
    }
  },
  /** Every request. */
  ALWAYS {
    @Override
    public boolean cancels(String method) {
      return true;
    }
  },
  /** None: all work runs to its end. */
  NEVER {
    @Override
    public boolean cancels(String method) {
      return false;
    }
  };

  /**
   * The name of the request attribute that overrides the filter's {@code cancel} for one request;
   * its value is a {@link CancelPolicy}. It is for code that never takes a {@link
   * SafeAsyncResponse}, such as a blocking servlet under {@code watch=sync}; other code calls
   * {@link SafeAsyncResponse#cancelPolicy}. Set it behind the filter and before the client
   * disconnects.
   */
  public static final String ATTRIBUTE = "io.github.safeasync.cancelPolicy";

  /**
   * Returns whether the work of a request is cancelled when its client disconnects.
   *
   * @param method the request's HTTP method, in capitals as {@code getMethod} returns it
   * @return true if the work is cancelled, false if it runs to its end
   * @throws NullPointerException if the method is null, where the policy depends on it
   */
  public abstract boolean cancels(String method);
}
