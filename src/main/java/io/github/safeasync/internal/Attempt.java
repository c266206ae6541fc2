package io.github.safeasync.internal;

/**
 * One step among several that each have to be made, whatever another one throws: telling, closing,
 * shutting down.
 */
public final class Attempt {

  private Attempt() {}

  /**
   * Makes the step; any thread.
   *
   * @param about whose step it is, for the log: the exchange, or the filter
   * @param what the step as an object of "could not", for the log
   */
  public static void to(Object about, String what, Runnable step) {
    try {
      step.run();
    } catch (Throwable failure) {
      Log.stepFailed(about, what, failure);
    }
  }
}
