package io.github.safeasync.internal.exchange;

import jakarta.servlet.http.HttpServletResponse;

/**
 * How long the body of a response is to be (RFC 9110 sections 6.4.1 and 8.6).
 *
 * @param length what Content-Length declares, -1 if nothing
 * @param statusTakesBody false for 204, 205 and 304
 * @param takesBody false for those, and for the response to HEAD
 */
record Framing(long length, boolean statusTakesBody, boolean takesBody) {

  static final Framing UNKNOWN = new Framing(-1, true, true);

  /** Reads it from a response that has been given its status and headers. */
  static Framing of(HttpServletResponse response, boolean headRequest) {
    int status = response.getStatus();
    boolean statusTakesBody = status != 204 && status != 205 && status != 304;
    return new Framing(contentLength(response), statusTakesBody, statusTakesBody && !headRequest);
  }

  private static long contentLength(HttpServletResponse response) {
    String declared = response.getHeader("Content-Length");
    try {
      return declared == null ? -1 : Long.parseLong(declared.trim());
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
