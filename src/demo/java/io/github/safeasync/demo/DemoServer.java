package io.github.safeasync.demo;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.eclipse.jetty.ee10.webapp.WebAppContext;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The demo on an embedded Jetty: {@code mvn -q -Pdemo [-Dport=8888] [-Dhost=localhost]}. */
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
    WebAppContext context = application();
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    String host = System.getProperty("host", "localhost");
    connector.setHost(host);
    connector.setPort(port);
    server.addConnector(connector);
    server.setHandler(context);
    try {
      connector.open();
    } catch (IOException e) {
      System.err.println(
          "Port "
              + port
              + " of "
              + host
              + " cannot be used ("
              + e.getCause()
              + "); choose another: -Dport=8889");
      System.exit(1);
    }
    server.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(context, server), "demo-stop"));
    LOGGER.log(Level.INFO, "Listening on http://{0}:{1,number,#}/", host, connector.getLocalPort());
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

  /** The same as the WAR: what is in webapp, and the classes of this class path. */
  private static WebAppContext application() {
    WebAppContext context = new WebAppContext("webapp", "/");
    context.setParentLoaderPriority(true);
    context.setThrowUnavailableOnStartupException(true);
    return context;
  }

  /** Stops the application before the connections, so that waiting clients get an answer. */
  private static void stop(WebAppContext context, Server server) {
    try {
      DemoLog.outliveReset();
      context.stop();
      server.stop();
    } catch (Exception e) {
      LOGGER.log(Level.ERROR, "The demo did not stop in order", e);
    }
  }
}
