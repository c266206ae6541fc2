package io.github.safeasync.chaos;

/** How a client leaves, if it does. */
enum Departure {
  NONE,
  FIN,
  RST,
  /** Without a word of TLS or of HTTP/2. */
  ABRUPT,
  /** It closes its sending side, and reads on. */
  HALF_CLOSE,
  /** In the middle of the response. */
  IN_RESPONSE,
  /** In the middle of an upload. */
  IN_UPLOAD,
  /** It reads nothing for a while. */
  NEVER_READS,
  /** It reads a little at a time. */
  TRICKLE
}
