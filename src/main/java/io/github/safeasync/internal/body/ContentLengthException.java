package io.github.safeasync.internal.body;

/** The body is not as long as the Content-Length that the application has declared. */
public final class ContentLengthException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  private ContentLengthException(String message) {
    super(message);
  }

  static ContentLengthException of(long actual, long declared, boolean finished) {
    String length = (finished ? "" : "at least ") + actual;
    return new ContentLengthException(
        "The response's body has "
            + length
            + " bytes, its Content-Length declares "
            + declared
            + ": declare what is written, or nothing");
  }
}
