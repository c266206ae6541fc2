package io.github.safeasync.internal.detect;

import io.github.safeasync.internal.container.Connection;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is known of the way an exchange came by. */
sealed interface Origin {

  /** A connection that has been reached. */
  record Reached(Connection connection) implements Origin {}

  /** A connection that is reached only when it is wanted, on the watcher's thread. */
  record Reachable(Supplier<? extends @Nullable Connection> connection) implements Origin {}

  /** Only the addresses are known. */
  record Addresses(InetSocketAddress local, InetSocketAddress remote) implements Origin {}
}
