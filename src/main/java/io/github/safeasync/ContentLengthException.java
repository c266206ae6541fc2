package io.github.safeasync;

/** The body is not as long as the Content-Length that the application has declared. */
final class ContentLengthException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  private ContentLengthException(String message) {
    super(message);
  }

  static ContentLengthException of(long length, long declared, boolean finished) {
    return new ContentLengthException(
        finished
            ? "The response was finished with " + length + " of " + declared + " declared bytes"
            : "The response's body has at least "
                + length
                + " bytes, its Content-Length declares "
                + declared);
  }
}
