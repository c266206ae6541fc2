package io.github.safeasync.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A started container with one application. Thread-safe, so it may be shared by many tests.
 *
 * @since 0.1.0
 */
public abstract class TestServer implements AutoCloseable {
  /** A free port of 127.0.0.1. */
  static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

  private final Container container;
  private final Transport transport;

  TestServer(Container container, Transport transport) {
    this.container = container;
    this.transport = transport;
  }

  /** {@return the container that was started} */
  public final Container container() {
    return container;
  }

  /** {@return what clients have to speak} */
  public final Transport transport() {
    return transport;
  }

  /** {@return the port of 127.0.0.1 that the server listens on} */
  public abstract int port();

  /**
   * {@return the address of a path, with the scheme that suits the transport}
   *
   * @param path from the slash on, with its query
   */
  public final URI uri(String path) {
    String scheme = transport.isSecure() ? "https" : "http";
    return URI.create(scheme + "://127.0.0.1:" + port() + path);
  }

  /**
   * Undeploys the application while the server goes on listening: the servlet context is stopped
   * and its filters and servlets are destroyed when this returns.
   *
   * @throws Exception if the container fails to
   */
  public abstract void stopApplication() throws Exception;

  /**
   * Deploys the stopped application again, a WAR with a class loader of its own.
   *
   * @throws UnsupportedOperationException if the container deploys no WAR
   * @throws Exception if the container fails to
   */
  public void startApplication() throws Exception {
    throw new UnsupportedOperationException(container + " deploys no WAR");
  }

  /** Stops the server with all its threads. Idempotent. */
  @Override
  public abstract void close() throws Exception;

  /** A fresh directory below the build's output. */
  static Path temporaryDirectory(String prefix) {
    try {
      return Files.createTempDirectory(Files.createDirectories(buildDirectory()), prefix);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a directory with everything in it. */
  static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Where the build puts what it makes, whether Maven or an IDE runs the test. */
  static Path buildDirectory() {
    return Path.of(System.getProperty("basedir", ""), "target", "testkit").toAbsolutePath();
  }
}
