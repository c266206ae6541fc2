package io.github.safeasync.doctor;

import io.github.safeasync.testkit.TestServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The worst of proxies: it takes all that the server sends, and never says that its client left.
 */
final class Swallower implements AutoCloseable {

  private final ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
  private final Queue<Socket> open = new ConcurrentLinkedQueue<>();

  Swallower(TestServer server) throws IOException {
    start(
        () -> {
          while (true) {
            Socket client = listening.accept();
            Socket behind = new Socket(InetAddress.getLoopbackAddress(), server.port());
            open.add(client);
            open.add(behind);
            start(() -> client.getInputStream().transferTo(behind.getOutputStream()));
            start(() -> pass(behind, client));
          }
        });
  }

  int port() {
    return listening.getLocalPort();
  }

  private static void pass(Socket behind, Socket client) throws IOException {
    byte[] buffer = new byte[8192];
    OutputStream out = client.getOutputStream();
    for (int length; (length = behind.getInputStream().read(buffer)) >= 0; ) {
      try {
        out.write(buffer, 0, length);
      } catch (IOException gone) {
        // Whom would it tell?
      }
    }
    client.close();
  }

  private interface Step {
    void run() throws IOException;
  }

  private static void start(Step step) {
    Thread thread =
        new Thread(
            () -> {
              try {
                step.run();
              } catch (IOException closed) {
                // The end of the connection, or of the test.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket each : open) {
      each.close();
    }
  }
}
