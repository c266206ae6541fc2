package io.github.safeasync.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.opentest4j.TestAbortedException;

/** A real reverse proxy in front of a server, as a process of its own. */
public final class ReverseProxy implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Process process;
  private final Path directory;
  private final int port;

  private ReverseProxy(Process process, Path directory, int port) {
    this.process = process;
    this.directory = directory;
    this.port = port;
  }

  /**
   * Starts nginx.
   *
   * @param directives what is put into the location that passes everything on
   * @throws TestAbortedException if it is not installed
   */
  public static ReverseProxy nginx(TestServer server, String... directives) throws IOException {
    return nginx(server, "", directives);
  }

  /** Starts nginx as {@link #nginx}, which speaks HTTP/2 and HTTP/1.1 over TLS. */
  public static ReverseProxy nginxTls(TestServer server, String... directives) throws IOException {
    return nginx(
        server, "ssl http2; ssl_certificate proxy.pem; ssl_certificate_key proxy.pem", directives);
  }

  private static ReverseProxy nginx(TestServer server, String speaks, String... directives)
      throws IOException {
    String file =
        """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log error.log;
        events { worker_connections 64; }
        http {
          access_log off;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          server {
            listen 127.0.0.1:%d %s;
            location / {
              proxy_pass http://127.0.0.1:%d;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              %s
            }
          }
        }
        """;
    int port = freePort();
    String config = file.formatted(port, speaks, server.port(), String.join("\n", directives));
    return start("nginx", config, port, "-e", "error.log", "-p", ".", "-c", "proxy.conf");
  }

  /**
   * Starts HAProxy.
   *
   * @param options what is put into the defaults section
   * @throws TestAbortedException if it is not installed
   */
  public static ReverseProxy haproxy(TestServer server, String... options) throws IOException {
    return haproxy(server, "", options);
  }

  /** Starts HAProxy as {@link #haproxy}, which speaks HTTP/2 and HTTP/1.1 over TLS. */
  public static ReverseProxy haproxyTls(TestServer server, String... options) throws IOException {
    return haproxy(server, "ssl crt proxy.pem alpn h2,http/1.1", options);
  }

  private static ReverseProxy haproxy(TestServer server, String speaks, String... options)
      throws IOException {
    String file =
        """
        defaults
          mode http
          timeout connect 5s
          timeout client 60s
          timeout server 60s
          %s
        listen proxy
          bind 127.0.0.1:%d %s
          server server 127.0.0.1:%d
        """;
    int port = freePort();
    String config = file.formatted(String.join("\n  ", options), port, speaks, server.port());
    return start("haproxy", config, port, "-db", "-f", "proxy.conf");
  }

  /**
   * Starts Apache httpd, which speaks HTTP/1.1.
   *
   * @param directives what is put beside the one that passes everything on
   * @throws TestAbortedException if it is not installed
   */
  public static ReverseProxy httpd(TestServer server, String... directives) throws IOException {
    return apache(server, List.of(), directives);
  }

  /** Starts Apache httpd as {@link #httpd}, which speaks HTTP/2 and HTTP/1.1 over TLS. */
  public static ReverseProxy httpdTls(TestServer server, String... directives) throws IOException {
    return apache(
        server,
        List.of("ssl", "http2"),
        Stream.concat(
                Stream.of("SSLEngine on", "SSLCertificateFile proxy.pem", "Protocols h2 http/1.1"),
                Stream.of(directives))
            .toArray(String[]::new));
  }

  private static ReverseProxy apache(TestServer server, List<String> more, String... directives)
      throws IOException {
    String file =
        """
        ServerName localhost
        ServerRoot .
        DefaultRuntimeDir .
        PidFile httpd.pid
        ErrorLog error.log
        User www-data
        Group www-data
        ServerLimit 1
        StartServers 1
        ThreadsPerChild 16
        MaxRequestWorkers 16
        %s
        Listen 127.0.0.1:%d
        ProxyPass / http://127.0.0.1:%d/
        %s
        """;
    int port = freePort();
    String modules =
        Stream.concat(Stream.of("mpm_event", "authz_core", "proxy", "proxy_http"), more.stream())
            .map("LoadModule %1$s_module /usr/lib/apache2/modules/mod_%1$s.so"::formatted)
            .collect(Collectors.joining("\n"));
    String config = file.formatted(modules, port, server.port(), String.join("\n", directives));
    return start("apache2", config, port, "-D", "FOREGROUND", "-d", ".", "-f", "proxy.conf");
  }

  /** The port of 127.0.0.1 that it listens on. */
  public int port() {
    return port;
  }

  private static ReverseProxy start(String name, String config, int port, String... arguments)
      throws IOException {
    Path program = installed(name);
    Path directory = TestServer.temporaryDirectory(name);
    Files.writeString(directory.resolve("proxy.conf"), config);
    Files.writeString(directory.resolve("proxy.pem"), Tls.pem());
    Process process =
        new ProcessBuilder(
                Stream.concat(Stream.of(program.toString()), Stream.of(arguments)).toList())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output.log").toFile())
            .start();
    ReverseProxy proxy = new ReverseProxy(process, directory, port);
    try {
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(10))
          .atMost(PATIENCE)
          .until(() -> !process.isAlive() || listens(port));
      if (!process.isAlive()) {
        String output = Files.readString(directory.resolve("output.log"));
        throw new IOException(name + " has ended: " + output);
      }
      return proxy;
    } catch (IOException | RuntimeException failure) {
      proxy.close();
      throw failure;
    }
  }

  private static Path installed(String name) {
    return Stream.concat(
            Stream.of(System.getenv().getOrDefault("PATH", "").split(":")),
            List.of("/usr/sbin", "/usr/local/sbin").stream())
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                new TestAbortedException(
                    name + " is not installed (see .ci/run): not tested behind"));
  }

  private static boolean listens(int port) {
    try {
      RawClient.connect(port).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    TestServer.deleteAll(directory);
  }
}
