package io.github.safeasync.testkit;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * A client of HTTP/1.1 that leaves out nothing and adds nothing, and can hang up in every way.
 * Reading and hanging up may happen in different threads. Not thread-safe otherwise.
 *
 * @since 0.1.0
 */
public final class RawClient implements AutoCloseable {
  private final Socket tcp;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  private RawClient(Socket tcp, Socket socket) throws IOException {
    this.tcp = tcp;
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
  }

  /**
   * Connects, with TLS if the server wants it; reads wait ten seconds at most.
   *
   * @param server a started server
   * @return the client, which has sent nothing
   * @throws IOException if the server cannot be reached
   */
  public static RawClient connect(TestServer server) throws IOException {
    return connect(server, socket -> {});
  }

  /**
   * Connects a socket that was set up before, for example with a small receive buffer.
   *
   * @param server a started server
   * @param setup is shown the TCP socket before it connects
   * @return the client, which has sent nothing
   * @throws IOException if the server cannot be reached
   */
  public static RawClient connect(TestServer server, SocketSetup setup) throws IOException {
    Socket tcp = new Socket();
    try {
      tcp.setTcpNoDelay(true);
      tcp.setSoTimeout(10_000);
      setup.apply(tcp);
      tcp.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
      return new RawClient(tcp, server.transport().isSecure() ? secure(tcp) : tcp);
    } catch (IOException failure) {
      tcp.close();
      throw failure;
    }
  }

  /**
   * Connects to whatever listens on a port of 127.0.0.1, without TLS.
   *
   * @param port of the server, on 127.0.0.1
   * @return the client, which has sent nothing
   * @throws IOException if the server cannot be reached
   */
  public static RawClient connect(int port) throws IOException {
    Socket tcp = connected(port);
    return new RawClient(tcp, tcp);
  }

  /** As {@link #connect(int)}, by TLS. */
  static RawClient connectTls(int port) throws IOException {
    Socket tcp = connected(port);
    try {
      return new RawClient(tcp, secure(tcp));
    } catch (IOException failure) {
      tcp.close();
      throw failure;
    }
  }

  private static Socket connected(int port) throws IOException {
    Socket tcp = new Socket(InetAddress.getLoopbackAddress(), port);
    tcp.setTcpNoDelay(true);
    tcp.setSoTimeout(10_000);
    return tcp;
  }

  private static Socket secure(Socket tcp) throws IOException {
    try {
      SSLSocket tls =
          (SSLSocket)
              Tls.clientContext()
                  .getSocketFactory()
                  .createSocket(tcp, "localhost", tcp.getPort(), true);
      tls.startHandshake();
      return tls;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /**
   * Sends characters of ISO 8859-1 as they are.
   *
   * @param text from the request line on, or any part of a request
   * @return this client
   * @throws IOException if the connection fails
   */
  public RawClient send(String text) throws IOException {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * Sends bytes as they are.
   *
   * @param bytes what to send
   * @return this client
   * @throws IOException if the connection fails
   */
  public RawClient send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    return this;
  }

  /**
   * Sends a GET with no header but Host; the connection is kept alive.
   *
   * @param path and query, in the form that goes over the wire
   * @return this client
   * @throws IOException if the connection fails
   */
  public RawClient get(String path) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  /**
   * Reads one response and no byte of the next.
   *
   * @return the response
   * @throws EOFException if the server closed or reset the connection before the end of the head
   * @throws SocketTimeoutException if nothing came for the time a read waits
   */
  public RawResponse readResponse() throws IOException {
    return new ResponseParser(in).read(false);
  }

  /**
   * Reads the response to a HEAD, which has no body whatever it announces.
   *
   * @return the response, without a body
   * @throws IOException if the connection fails, or nothing comes in time
   */
  public RawResponse readHead() throws IOException {
    return new ResponseParser(in).read(true);
  }

  /**
   * Reads whatever comes up to the server's close.
   *
   * @return all of it, a character for each byte
   * @throws IOException if the connection fails, or nothing comes in time
   */
  public String readUntilClose() throws IOException {
    StringBuilder all = new StringBuilder();
    byte[] buffer = new byte[8192];
    for (int read; (read = read(buffer)) > 0; ) {
      all.append(new String(buffer, 0, read, StandardCharsets.ISO_8859_1));
    }
    return all.toString();
  }

  /**
   * Reads one line of whatever comes, for a look at a response that has not ended.
   *
   * @return the line, without its end
   * @throws IOException if the connection fails, or nothing comes in time
   */
  public String readLine() throws IOException {
    return new ResponseParser(in).line();
  }

  /**
   * Reads the next bytes as they come; -1 after an orderly close.
   *
   * @param buffer takes the bytes
   * @return how many; -1 after an orderly close
   * @throws IOException if the connection fails, or nothing comes in time
   */
  public int read(byte[] buffer) throws IOException {
    return in.read(buffer);
  }

  /**
   * Sets how long a read waits.
   *
   * @param timeout after which a read fails
   * @return this client
   * @throws IOException if the socket refuses it
   */
  public RawClient readTimeout(Duration timeout) throws IOException {
    tcp.setSoTimeout(Math.toIntExact(timeout.toMillis()));
    return this;
  }

  /**
   * Waits for the server to close or reset the connection, dropping what still comes.
   *
   * @throws IOException if the connection fails, or nothing comes in time
   */
  public void awaitClose() throws IOException {
    try {
      in.transferTo(OutputStream.nullOutputStream());
    } catch (SocketException | SSLException reset) {
      // As good as closed.
    }
  }

  /**
   * Hangs up in good order: close_notify if there is TLS, then FIN. The kernel makes a RST of it if
   * anything was received and not read.
   *
   * @throws IOException if the socket cannot be closed
   */
  public void closeFin() throws IOException {
    socket.close();
  }

  /**
   * Hangs up with a FIN alone, which TLS calls a truncation; without TLS as closeFin().
   *
   * @throws IOException if the socket cannot be closed
   */
  public void closeAbrupt() throws IOException {
    tcp.close();
  }

  /**
   * Resets the connection: RST and nothing else.
   *
   * @throws IOException if the socket cannot be closed
   */
  public void closeRst() throws IOException {
    tcp.setSoLinger(true, 0);
    tcp.close();
  }

  /**
   * Closes the sending direction only (close_notify, FIN); responses can still be read.
   *
   * @throws IOException if the connection has failed
   */
  public void halfClose() throws IOException {
    socket.shutdownOutput();
    if (socket != tcp && !tcp.isOutputShutdown()) {
      tcp.shutdownOutput();
    }
  }

  /** {@return the port the server sees} */
  public int localPort() {
    return tcp.getLocalPort();
  }

  /** Hangs up if that has not happened yet. */
  @Override
  public void close() throws IOException {
    closeAbrupt();
  }

  /**
   * What to do with a socket before it connects. Need not be thread-safe.
   *
   * @since 0.1.0
   */
  @FunctionalInterface
  public interface SocketSetup {
    /**
     * Sets options or binds.
     *
     * @param socket not connected yet
     * @throws IOException if the socket refuses it
     */
    void apply(Socket socket) throws IOException;
  }
}
