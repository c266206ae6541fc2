package io.github.safeasync.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process of its own that sends many requests, waits for no answer, and is then killed. */
public final class Crowd {

  /** What clients send, of which the server reads no more than the head. */
  enum Kind {
    /** Nothing but a request. */
    SILENT("GET /take HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
    /** Half of a body. */
    BODY("POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n", "x".repeat(100)),
    /** The next request. */
    PIPELINED(SILENT.head, SILENT.head),
    /** A body that comes byte by byte. */
    TRICKLE("POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", "x");

    private final String head;
    private final String rest;

    Kind(String head, String rest) {
      this.head = head;
      this.rest = rest;
    }
  }

  /** Until the server has read the head, so that it does not read the rest with it. */
  private static final int READ_MILLIS = 500;

  private static final int TRICKLE_MILLIS = 100;

  /** How many one address has to connect from. */
  private static final int PORTS = 20_000;

  private Crowd() {}

  /**
   * Connects, says so on its standard output, and stays.
   *
   * @param arguments the server's port, the number of connections, and what they send
   */
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    Kind kind = arguments.length > 2 ? Kind.valueOf(arguments[2]) : Kind.SILENT;
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress("127.0.0." + (1 + i / PORTS), 0));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      sockets.add(socket);
      send(kind.head, sockets.subList(i, i + 1));
    }
    if (kind != Kind.SILENT) {
      Thread.sleep(READ_MILLIS);
      send(kind.rest, sockets);
    }
    System.out.println("connected " + sockets.size());
    while (kind == Kind.TRICKLE) {
      Thread.sleep(TRICKLE_MILLIS);
      send(kind.rest, sockets);
    }
    System.in.read();
  }

  private static void send(String text, List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Starts one, and waits until all have sent what they send. */
  static Process start(int port, int count, Kind kind) throws IOException, URISyntaxException {
    Process process =
        new ProcessBuilder(
                Machine.java(),
                "-Xmx256m",
                "-cp",
                Path.of(Crowd.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString(),
                Crowd.class.getName(),
                Integer.toString(port),
                Integer.toString(count),
                kind.name())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    if (output.readLine() == null) {
      throw new IOException("the clients' process has ended; see ulimit -n");
    }
    return process;
  }
}
