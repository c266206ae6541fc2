package io.github.safeasync.internal.detect;

import java.util.List;

/** Asks the kernel what has become of connections. Used by one thread. */
interface SocketTable extends AutoCloseable {

  /** Its name in a log. */
  String name();

  /** Whether one look costs the same for any number of connections, and much for one. */
  boolean isBatching();

  /** How many looks in a row have to miss a connection before it counts as gone. */
  int missesNeeded();

  /** Looks the connections up. Does not throw. */
  void look(List<TableEntry> entries);

  @Override
  void close();
}
