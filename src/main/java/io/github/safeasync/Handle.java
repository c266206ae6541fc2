package io.github.safeasync;

/**
 * The handle by which something that was registered with an exchange is taken back. Thread-safe.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Handle {

  /**
   * Takes back what was registered. May be called more than once and from any thread.
   *
   * @return true if by this call it will not run; false if it has run, is running, or was taken
   *     back before
   */
  boolean remove();
}
