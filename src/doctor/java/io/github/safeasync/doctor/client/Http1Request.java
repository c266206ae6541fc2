package io.github.safeasync.doctor.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** A request of HTTP/1.1 on a connection of its own. */
final class Http1Request implements PendingRequest {

  private static final int PATIENCE_MILLIS = 10_000;

  private final Socket tcp;
  private final Socket socket;

  private Http1Request(Socket tcp, Socket socket) {
    this.tcp = tcp;
    this.socket = socket;
  }

  static Http1Request send(Server server, Arguments arguments, String id) throws IOException {
    String host = arguments.url().getHost();
    Socket tcp = new Socket();
    try {
      tcp.setTcpNoDelay(true);
      tcp.connect(new InetSocketAddress(unbracketed(host), arguments.port()), PATIENCE_MILLIS);
      tcp.setSoTimeout(PATIENCE_MILLIS);
      Socket socket = arguments.isTls() ? secure(tcp, server, arguments) : tcp;
      socket.getOutputStream().write(head(arguments, id).getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      return new Http1Request(tcp, socket);
    } catch (IOException failure) {
      tcp.close();
      throw failure;
    }
  }

  private static SSLSocket secure(Socket tcp, Server server, Arguments arguments)
      throws IOException {
    SSLSocket tls =
        (SSLSocket)
            server
                .trust()
                .getSocketFactory()
                .createSocket(tcp, unbracketed(arguments.url().getHost()), arguments.port(), true);
    SSLParameters parameters = tls.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    tls.setSSLParameters(parameters);
    tls.startHandshake();
    return tls;
  }

  private static String unbracketed(String host) {
    return host.replaceAll("[\\[\\]]", "");
  }

  private static String head(Arguments arguments, String id) {
    StringBuilder head = new StringBuilder();
    head.append("GET ").append(arguments.url().getRawPath()).append("?hold=").append(id);
    head.append(" HTTP/1.1\r\nHost: ").append(arguments.url().getRawAuthority());
    head.append("\r\n" + Answer.HEADER + ": 1\r\nAccept: */*\r\n");
    arguments.fields().forEach(each -> head.append(each.name() + ": " + each.value() + "\r\n"));
    return head.append("\r\n").toString();
  }

  /** Reads what TLS sends after its handshake as well: a FIN would be a RST if it stayed unread. */
  @Override
  public String answerWithin(Duration time) throws IOException {
    tcp.setSoTimeout(Math.toIntExact(time.toMillis()));
    byte[] buffer = new byte[8192];
    try {
      InputStream in = socket.getInputStream();
      int length = in.read(buffer);
      return length < 0
          ? "the end of the connection"
          : new String(buffer, 0, length, StandardCharsets.UTF_8);
    } catch (SocketTimeoutException nothing) {
      return "";
    }
  }

  @Override
  public void abandon(HangUp way) throws IOException {
    switch (way) {
      case FIN -> tcp.close();
      case RST -> {
        tcp.setSoLinger(true, 0);
        tcp.close();
      }
      case TLS_CLOSE -> socket.close();
      case HTTP2_RESET -> throw new IllegalArgumentException(way + " is none of HTTP/1.1");
    }
  }

  @Override
  public void close() throws IOException {
    tcp.close();
  }
}
