package io.github.safeasync;

/** A text that is no value of its {@link Setting}; the message says which, and what is allowed. */
final class MalformedSettingException extends Exception {

  private static final long serialVersionUID = 1;

  MalformedSettingException(String message, Throwable cause) {
    super(message, cause);
  }
}
