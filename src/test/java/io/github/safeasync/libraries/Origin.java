package io.github.safeasync.libraries;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A server behind a proxy, which answers every request piece by piece. */
final class Origin implements AutoCloseable {

  static final int PIECES = 6;
  static final int PIECE = 2048;
  private static final long PAUSE_NANOS = 10_000_000;

  final AtomicInteger answering = new AtomicInteger();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;

  private Origin() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  static Origin start() throws IOException {
    return new Origin();
  }

  private void answer(HttpExchange exchange) throws IOException {
    answering.incrementAndGet();
    try (OutputStream out = exchange.getResponseBody()) {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(200, 0);
      for (int i = 0; i < PIECES; i++) {
        out.write(new byte[PIECE]);
        out.flush();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } finally {
      answering.decrementAndGet();
    }
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
