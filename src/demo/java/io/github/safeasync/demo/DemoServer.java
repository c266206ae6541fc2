package io.github.safeasync.demo;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.doctor.DoctorServlet;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Servlet;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.DefaultServlet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The demo on an embedded Jetty: {@code mvn -q -Pdemo [-Dport=8888]}. */
public final class DemoServer {

  private static final Logger LOGGER = System.getLogger(DemoServer.class.getName());

  private DemoServer() {}

  /**
   * Serves until the process is told to end.
   *
   * @param arguments none are read; the system property {@code port} tells the port
   * @throws Exception if the server cannot be started
   */
  public static void main(String[] arguments) throws Exception {
    DemoLog.start();
    int port = port();
    ServletContextHandler context = application();
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost(System.getProperty("host", "localhost"));
    connector.setPort(port);
    server.addConnector(connector);
    server.setHandler(context);
    try {
      connector.open();
    } catch (IOException e) {
      System.err.println(
          "Port " + port + " cannot be used (" + e.getCause() + "); choose another: -Dport=8889");
      System.exit(1);
    }
    server.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(context, server), "demo-stop"));
    LOGGER.log(Level.INFO, "Listening on http://localhost:{0,number,#}/", port);
    server.join();
  }

  private static int port() {
    String port = System.getProperty("port", "8888");
    try {
      int number = Integer.parseInt(port);
      if (number >= 0 && number <= 65535) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, as for a number out of range.
    }
    System.err.println("-Dport must be a number from 0 to 65535, not " + port);
    System.exit(1);
    throw new IllegalStateException("Unreachable");
  }

  private static ServletContextHandler application() {
    ServletContextHandler context = new ServletContextHandler("/");
    context.setBaseResourceAsPath(Path.of("webapp"));
    FilterHolder filter =
        new FilterHolder(
            SafeAsyncFilter.create(
                SafeAsyncConfig.builder().timeout(Duration.ofMinutes(61)).build()));
    filter.setName("safe-async");
    filter.setAsyncSupported(true);
    context.addFilter(filter, "/*", EnumSet.of(DispatcherType.REQUEST));
    add(context, "", new LongRunnerServlet());
    add(context, "/tokens", new TokensServlet());
    add(context, "/model/*", new ModelServlet());
    add(context, "/doctor", new DoctorServlet());
    context.addServlet(new ServletHolder("default", DefaultServlet.class), "/");
    return context;
  }

  private static void add(ServletContextHandler context, String path, Servlet servlet) {
    ServletHolder holder = new ServletHolder(servlet);
    holder.setAsyncSupported(true);
    context.addServlet(holder, path);
  }

  /** Stops the application before the connections, so that waiting clients get an answer. */
  private static void stop(ServletContextHandler context, Server server) {
    try {
      DemoLog.outliveReset();
      context.stop();
      server.stop();
    } catch (Exception e) {
      LOGGER.log(Level.ERROR, "The demo did not stop in order", e);
    }
  }
}
