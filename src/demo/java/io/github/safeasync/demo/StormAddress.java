package io.github.safeasync.demo;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Where the server itself listens, whatever stands between it and the one who asks. */
record StormAddress(String address, int port, String contextPath) {

  static StormAddress of(HttpServletRequest request) {
    return new StormAddress(
        request.getLocalAddr(), request.getLocalPort(), request.getContextPath());
  }

  /** Connects as a client of its own and asks; the response is never read. */
  Socket ask(String path) throws IOException {
    Socket socket = new Socket(InetAddress.getByName(address), port);
    String get = "GET " + contextPath + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.getOutputStream().write(get.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }
}
