package io.github.safeasync.testkit;

/** How often a race is tried: a few times at each build, as often as it can tell with -Pstorm. */
public final class Tries {

  private static final boolean ALL = Boolean.getBoolean("safeasync.storm");
  private static final int SHARE = 5;

  private Tries() {}

  /** Returns whether this is the long form. */
  public static boolean areAll() {
    return ALL;
  }

  /**
   * Returns the number of tries now.
   *
   * @param all how many there are in the long form
   */
  public static int of(int all) {
    return ALL ? all : Math.max(1, all / SHARE);
  }
}
