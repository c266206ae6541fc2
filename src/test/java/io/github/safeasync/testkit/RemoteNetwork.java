package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * A network namespace of Linux beside the machine's own, with real clients in it, behind a link
 * that can be cut: what happens to them then sends no FIN and no RST.
 */
public final class RemoteNetwork implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 10;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name;
  private final String near;
  private final String far;
  private final String serverAddress;
  private final String clientAddress;
  private final List<Process> clients = new ArrayList<>();
  private final MachineNetwork machine = MachineNetwork.changing();

  private RemoteNetwork() {
    // Two test runs beside each other are two processes; 15 characters is the longest an interface
    // may have. The addresses are those that RFC 2544 sets aside for such tests.
    long process = ProcessHandle.current().pid();
    name = "sa" + process + "n" + COUNT.incrementAndGet();
    near = name + "n";
    far = name + "f";
    String network = "198.18." + ((process >> 6) & 255) + ".";
    serverAddress = network + ((process & 63) * 4 + 1);
    clientAddress = network + ((process & 63) * 4 + 2);
  }

  /**
   * Makes one, and the link to it. It waits until no test's browser runs.
   *
   * @throws TestAbortedException if the machine or the user's rights do not allow that
   */
  public static RemoteNetwork open() throws Exception {
    installed("curl");
    installed("ip");
    RemoteNetwork network = new RemoteNetwork();
    try {
      network.connect();
      return network;
    } catch (IOException refused) {
      network.close();
      throw new TestAbortedException(
          "no network namespace can be made here (it takes root on Linux, and iproute2): "
              + refused.getMessage());
    }
  }

  private void connect() throws Exception {
    ip("netns", "add", name);
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
    ip("address", "add", serverAddress + "/30", "dev", near);
    ip("link", "set", near, "up");
    ip("-n", name, "address", "add", clientAddress + "/30", "dev", far);
    restore();
  }

  /** Sends a GET from there, and waits for its answer. */
  public Process get(TestServer server, String path) throws IOException {
    URI uri = URI.create("http://" + serverAddress + ":" + server.port() + path);
    Process client =
        new ProcessBuilder(
                installed("ip"), "netns", "exec", name, installed("curl"), "-sS", uri.toString())
            .redirectErrorStream(true)
            .start();
    clients.add(client);
    return client;
  }

  /** What a client has received when it has ended by itself. */
  public static String answer(Process client) throws Exception {
    if (!client.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IOException("the client still waits");
    }
    return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Takes the link down: nothing arrives any more, in either direction. */
  public void cut() throws Exception {
    ip("-n", name, "link", "set", far, "down");
  }

  /** Takes the link up again. */
  public void restore() throws Exception {
    ip("-n", name, "link", "set", far, "up");
  }

  private static void ip(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(installed("ip")));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said.strip());
    }
  }

  private static String installed(String program) {
    return Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseThrow(() -> new TestAbortedException(program + " is not installed"));
  }

  /** Ends the clients, and takes the link away with the namespace. */
  @Override
  public void close() throws Exception {
    try (machine) {
      clients.forEach(Process::destroyForcibly);
      for (Process each : clients) {
        each.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
      // The link first: the namespace goes some time later, and its end of the link with it.
      if (Files.exists(Path.of("/sys/class/net", near))) {
        ip("link", "delete", near);
      }
      if (Files.exists(Path.of("/run/netns", name))) {
        ip("netns", "delete", name);
      }
    }
  }
}
