package io.github.safeasync.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The addresses of the machine, held by one test against others of the same user in whatever
 * process: Chromium drops its HTTP/2 connections, and gives up pages that it loads
 * (ERR_NETWORK_CHANGED), when an address of the machine comes or goes. The lock of a process that
 * dies is let go by the system. One process holds at most one: a second throws {@link
 * java.nio.channels.OverlappingFileLockException}.
 */
final class MachineNetwork implements AutoCloseable {
  private static final Path LOCK =
      Path.of(
          System.getProperty("java.io.tmpdir"),
          "safe-async-network-" + System.getProperty("user.name") + ".lock");

  private final FileChannel channel;

  private MachineNetwork(boolean shared) {
    try {
      channel =
          FileChannel.open(
              LOCK, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      channel.lock(0, Long.MAX_VALUE, shared);
    } catch (IOException e) {
      throw new UncheckedIOException("The lock on the machine's network cannot be held", e);
    }
  }

  /** Waits until nobody changes it, and holds it unchanged until closed. */
  static MachineNetwork unchanged() {
    return new MachineNetwork(true);
  }

  /** Waits until nobody needs it unchanged, and holds it for changes until closed. */
  static MachineNetwork changing() {
    return new MachineNetwork(false);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The lock on the machine's network cannot be let go", e);
    }
  }
}
