package io.github.safeasync;

/** For which requests the work ends with the client. */
public enum CancelPolicy {
  /**
   * GET, HEAD and OPTIONS: those of which a client expects no effect but the answer. Other work
   * runs to its end, what it writes is dropped, and the listeners of the end are told.
   */
  SAFE_METHODS {
    @Override
    boolean cancels(String method) {
      return switch (method) {
        case "GET", "HEAD", "OPTIONS" -> true;
        default -> false;
      };
    }
  },
  /** Every request. */
  ALWAYS {
    @Override
    boolean cancels(String method) {
      return true;
    }
  },
  /** None: all work runs to its end. */
  NEVER {
    @Override
    boolean cancels(String method) {
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
   * Answers the policy that is the value of {@link #ATTRIBUTE}.
   *
   * @throws IllegalArgumentException if it is another object
   */
  static CancelPolicy ofAttribute(Object value) {
    if (value instanceof CancelPolicy policy) {
      return policy;
    }
    throw new IllegalArgumentException(
        "The request attribute " + ATTRIBUTE + " must be a CancelPolicy, not " + value);
  }

  /** Whether the work of a request of this HTTP method is to be cancelled. */
  abstract boolean cancels(String method);
}
