package io.github.safeasync.doctor.client;

/**
 * What was found of one departure.
 *
 * @param millis after how long the server knew; -1 where it did not, or only by a write
 * @param detail the rest, in words
 */
record Finding(HangUp way, Verdict verdict, long millis, String detail) {

  static Finding without(HangUp way, Verdict verdict, String detail) {
    return new Finding(way, verdict, -1, detail);
  }
}
