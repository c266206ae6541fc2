package io.github.safeasync.spring;

/** A property {@code safe-async.*} that is unknown or malformed. */
final class PropertyException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final String action;

  /**
   * @param message what is wrong, in one sentence
   * @param action what to do about it, in another
   */
  PropertyException(String message, String action) {
    super(message);
    this.action = action;
  }

  String action() {
    return action;
  }
}
