package io.github.safeasync.bench;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that sends many requests, waits for no answer, and is then killed. */
public final class Crowd {

  /** How many one address has to connect from. */
  private static final int PORTS = 20_000;

  private Crowd() {}

  /**
   * Connects, says so on its standard output, and stays.
   *
   * @param arguments the server's port and the number of connections
   */
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    byte[] request =
        "GET /take HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress("127.0.0." + (1 + i / PORTS), 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.getOutputStream().write(request);
      sockets.add(socket);
    }
    System.out.println("connected " + sockets.size());
    System.in.read();
  }
}
