package io.github.safeasync;

/** For which requests the work ends with the client. */
public enum CancelPolicy {
  /**
   * GET, HEAD and OPTIONS: those of which a client expects no effect but the answer. Other work
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
   * Name of a request attribute by which a request that never takes a {@link SafeAsyncResponse}, as
   * a blocking servlet under {@code watch=sync}, says what becomes of its work, in place of the
   * filter's {@code cancel}: its value is a {@link CancelPolicy}. It has to be set behind the
   * filter and before the client goes. Those that have the response call {@link
   * SafeAsyncResponse#cancelPolicy}.
   */
  public static final String ATTRIBUTE = "io.github.safeasync.cancelPolicy";

  /**
   * Returns whether the work of a request is cancelled when its client goes.
   *
   * @param method the request's HTTP method
   * @return whether the work ends with the client
   */
  public abstract boolean cancels(String method);
}
