package io.github.safeasync.chaos;

/** What the application fails with, as it was told to. */
final class Deliberate extends RuntimeException {

  Deliberate() {
    super("deliberate", null, false, false);
  }

  static boolean isCauseOf(Throwable told) {
    for (Throwable each = told; each != null; each = each.getCause()) {
      if (each instanceof Deliberate) {
        return true;
      }
    }
    return false;
  }
}
