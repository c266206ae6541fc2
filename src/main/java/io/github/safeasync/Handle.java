package io.github.safeasync;

/** The handle of something that was registered with an exchange. Thread-safe. */
@FunctionalInterface
public interface Handle {

  /**
   * Takes back what was registered.
   *
   * @return true if it will not run because of this call; false if it has run, is running, or was
   *     taken back before
   */
  boolean remove();
}
