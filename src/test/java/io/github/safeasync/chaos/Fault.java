package io.github.safeasync.chaos;

/** What must not happen. */
enum Fault {
  /** Other than an IOException, which tells of the client. */
  ESCAPED_EXCEPTION,
  NO_END,
  ENDED_TWICE,
  NO_CLEAN_UP,
  CLEANED_UP_TWICE,
  CANCELLED_WRONGLY,
  /** Another exchange's bytes. */
  FOREIGN_BYTES,
  /** A client that stayed did not get what the application had written. */
  NO_ANSWER,
  /** The server took a part of an upload for all of it. */
  CUT_UPLOAD_TAKEN_FOR_WHOLE,
  /** In the log. */
  COMPLAINT,
  LEFT_BEHIND
}
