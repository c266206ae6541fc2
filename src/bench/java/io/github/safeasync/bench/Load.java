package io.github.safeasync.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A process of its own that asks for one path again and again, on many connections and one thread,
 * so that it takes little of the machine.
 */
public final class Load implements AutoCloseable {

  private final Process process;
  private final BufferedReader said;

  Load() throws IOException, URISyntaxException {
    this.process =
        new ProcessBuilder(
                Machine.java(),
                "-XX:+UseSerialGC",
                "-cp",
                Path.of(Load.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString(),
                Load.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    this.said = process.inputReader(StandardCharsets.US_ASCII);
  }

  /**
   * What it has made of it.
   *
   * @param answered the requests that were answered
   */
  record Result(long answered, double seconds) {

    double rate() {
      return answered / seconds;
    }
  }

  /** Asks until the time is over or as many requests were answered. */
  Result run(int port, String path, int connections, long millis, long most) throws IOException {
    process
        .getOutputStream()
        .write(
            String.join(" ", "" + port, path, "" + connections, "" + millis, "" + most + "\n")
                .getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
    String line = said.readLine();
    if (line == null) {
      throw new IOException("the load has ended");
    }
    String[] words = line.split(" ");
    return new Result(Long.parseLong(words[0]), Long.parseLong(words[1]) / 1e9);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Reads orders from its standard input until that ends. */
  public static void main(String[] arguments) throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      String[] words = line.split(" ");
      InetSocketAddress server =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(words[0]));
      try (Round round = new Round(server, words[1], Integer.parseInt(words[2]))) {
        System.out.println(round.run(Long.parseLong(words[3]), Long.parseLong(words[4])));
      }
    }
  }

  /** One order. */
  private static final class Round implements AutoCloseable {

    private final Selector selector = Selector.open();
    private final List<SocketChannel> channels = new ArrayList<>();
    private final ByteBuffer request;
    private final ByteBuffer in = ByteBuffer.allocateDirect(16 * 1024);
    private final int length;
    private long answered;

    Round(InetSocketAddress server, String path, int connections) throws IOException {
      byte[] text =
          ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      this.request = ByteBuffer.allocateDirect(text.length).put(text);
      int first = 0;
      for (int i = 0; i < connections; i++) {
        SocketChannel channel = SocketChannel.open(server);
        channel.socket().setTcpNoDelay(true);
        channels.add(channel);
        first = i == 0 ? lengthOfFirst(channel) : first;
      }
      this.length = first;
      for (SocketChannel channel : channels) {
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ, new int[1]);
      }
    }

    /** All answers to a path are as long. */
    private int lengthOfFirst(SocketChannel channel) throws IOException {
      ask(channel);
      StringBuilder got = new StringBuilder();
      while (true) {
        in.clear();
        if (channel.read(in) < 0) {
          throw new IOException("cut off: " + got);
        }
        got.append(StandardCharsets.ISO_8859_1.decode(in.flip()));
        int body = got.indexOf("\r\n\r\n") + 4;
        if (body >= 4 && isWhole(got, body)) {
          if (!got.toString().startsWith("HTTP/1.1 200")) {
            throw new IOException("refused: " + got);
          }
          return got.length();
        }
      }
    }

    private static boolean isWhole(StringBuilder got, int body) {
      String head = got.substring(0, body).toLowerCase(Locale.ROOT);
      int at = head.indexOf("content-length:");
      if (at < 0) {
        return got.toString().endsWith("\r\n0\r\n\r\n");
      }
      int end = head.indexOf('\r', at);
      int announced =
          Integer.parseInt(head.substring(at + "content-length:".length(), end).strip());
      return got.length() == body + announced;
    }

    private void ask(SocketChannel channel) throws IOException {
      request.flip();
      channel.write(request);
      request.position(request.limit());
    }

    String run(long millis, long most) throws IOException {
      long start = System.nanoTime();
      long end = start + 1_000_000 * millis;
      for (SocketChannel channel : channels) {
        ask(channel);
      }
      while (answered < most && System.nanoTime() < end) {
        selector.select(this::ready, 100);
      }
      return answered + " " + (System.nanoTime() - start);
    }

    private void ready(SelectionKey key) {
      SocketChannel channel = (SocketChannel) key.channel();
      int[] got = (int[]) key.attachment();
      try {
        in.clear();
        int read = channel.read(in);
        if (read < 0) {
          throw new IOException("the server has closed after " + answered);
        }
        got[0] += read;
        if (got[0] >= length) {
          got[0] -= length;
          answered++;
          ask(channel);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      for (SocketChannel channel : channels) {
        channel.close();
      }
      selector.close();
    }
  }
}
