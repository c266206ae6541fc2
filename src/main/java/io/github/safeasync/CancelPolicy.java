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

  /** Whether the work of a request of this HTTP method is to be cancelled. */
  abstract boolean cancels(String method);
}
