package io.github.safeasync.jdbc;

import io.github.safeasync.CancellationToken;
import java.util.function.Supplier;

/**
 * What the connections of one data source are told.
 *
 * @param which the statements that are cancelled while they run
 * @param current finds the token of the exchange that the calling thread works for
 */
record Binding(CancelStatements which, Supplier<CancellationToken> current) {

  boolean isBound(BoundStatement<?> statement) {
    return which == CancelStatements.ALL || statement.isQuery();
  }
}
