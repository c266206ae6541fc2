package io.github.safeasync.jdbc;

/**
 * Which running statements a hang-up cancels, where the exchange's {@link
 * io.github.safeasync.CancelPolicy} lets it cancel at all. Immutable and thread-safe.
 *
 * @since 0.1.0
 */
public enum CancelStatements {
  /**
   * Those that read: whose text begins with {@code SELECT}, {@code VALUES}, {@code TABLE} or {@code
   * SHOW}, or with {@code WITH} and does not write. What writes runs to its end, and so does a
   * procedure that is called, of which nobody can tell.
   */
  QUERIES,
  /** Every statement that is executed, batches and procedures too; never a commit or a rollback. */
  ALL
}
