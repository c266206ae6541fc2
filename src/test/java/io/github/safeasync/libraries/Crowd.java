package io.github.safeasync.libraries;

import io.github.safeasync.testkit.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Clients of one path, each of which has got the head of a response. */
final class Crowd implements AutoCloseable {

  private final List<RawClient> clients = new ArrayList<>();

  /** Connects them one by one, each with some lines of headers of its own. */
  static Crowd connect(Deployment to, String path, int count, String... headers)
      throws IOException {
    Crowd crowd = new Crowd();
    String lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    for (int i = 0; i < count; i++) {
      RawClient client =
          to.connect().send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n");
      crowd.clients.add(client);
    }
    for (RawClient each : crowd.clients) {
      String status = each.readLine();
      if (!status.startsWith("HTTP/1.1 200")) {
        throw new IOException("no stream: " + status);
      }
    }
    return crowd;
  }

  /** All leave: one in two closes its connection, the others reset theirs. */
  void leave() throws IOException {
    boolean resetting = false;
    for (RawClient each : clients) {
      if (resetting) {
        each.closeRst();
      } else {
        each.closeFin();
      }
      resetting = !resetting;
    }
  }

  @Override
  public void close() throws IOException {
    for (RawClient each : clients) {
      each.close();
    }
  }
}
