package io.github.safeasync.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes with connections to themselves, which stand in the same table of the kernel's. */
public final class Bystanders implements AutoCloseable {

  private static final int SOCKETS_OF_ONE = 4_000;

  private final List<Process> processes = new ArrayList<>();

  private Bystanders() {}

  /**
   * Connects, says so on its standard output, and stays.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) throws IOException {
    List<Socket> held = new ArrayList<>();
    try (ServerSocket listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress())) {
      while (held.size() < SOCKETS_OF_ONE) {
        held.add(new Socket(listener.getInetAddress(), listener.getLocalPort()));
        held.add(listener.accept());
      }
    }
    System.out.println(held.size());
    System.in.read();
  }

  /** Starts as many processes as have so many sockets, and waits until they stand. */
  public static Bystanders start(int sockets) throws IOException, URISyntaxException {
    Bystanders started = new Bystanders();
    String classes =
        Path.of(Bystanders.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    while (started.count() < sockets) {
      Process process =
          new ProcessBuilder(Machine.java(), "-Xmx64m", "-cp", classes, Bystanders.class.getName())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      started.processes.add(process);
      if (process.getInputStream().read() < 0) {
        started.close();
        throw new IOException("a process with sockets has ended; see ulimit -n");
      }
    }
    return started;
  }

  int count() {
    return processes.size() * SOCKETS_OF_ONE;
  }

  @Override
  public void close() {
    processes.forEach(each -> each.destroyForcibly().onExit().join());
  }
}
