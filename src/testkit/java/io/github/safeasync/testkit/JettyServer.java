package io.github.safeasync.testkit;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/** The part of Jetty that knows no Servlet version. */
final class JettyServer extends TestServer {
  private final Server server = new Server();
  private final ContextHandlerCollection contexts = new ContextHandlerCollection();
  private final ContextHandler context;
  private final ServerConnector connector;

  private JettyServer(
      Container container,
      Transport transport,
      InetSocketAddress address,
      ContextHandler context,
      Consumer<Object> customizer) {
    super(container, transport);
    this.context = context;
    HttpConfiguration configuration = new HttpConfiguration();
    if (transport.isSecure()) {
      configuration.addCustomizer(new SecureRequestCustomizer(false));
    }
    connector = new ServerConnector(server, 1, 1, factories(transport, configuration));
    connector.setHost(address.getHostString());
    connector.setPort(address.getPort());
    server.addConnector(connector);
    server.setHandler(contexts);
    contexts.addHandler(context);
    List.of(server, connector, configuration, context).forEach(customizer);
  }

  /**
   * Starts a server of one context.
   *
   * @param address where to listen; port 0 for a free one
   * @param customizer is shown each of Jetty's objects before the start
   */
  static TestServer start(
      Container container,
      Transport transport,
      InetSocketAddress address,
      ContextHandler context,
      Consumer<Object> customizer)
      throws Exception {
    JettyServer jetty = new JettyServer(container, transport, address, context, customizer);
    try {
      jetty.server.start();
      return jetty;
    } catch (Throwable failure) {
      jetty.close();
      throw failure;
    }
  }

  @Override
  public int port() {
    return connector.getLocalPort();
  }

  @Override
  public void stopApplication() throws Exception {
    context.stop();
    contexts.removeHandler(context);
  }

  @Override
  public void startApplication() throws Exception {
    context.setClassLoader(new ServerClassLoader());
    contexts.addHandler(context);
    context.start();
  }

  @Override
  public void close() throws Exception {
    server.stop();
    context.stop(); // Jetty does not manage what was added to it while it ran.
    server.destroy();
  }

  private static ConnectionFactory[] factories(Transport transport, HttpConfiguration http) {
    List<ConnectionFactory> factories = new ArrayList<>();
    HttpConnectionFactory http1 = new HttpConnectionFactory(http);
    if (transport.isSecure()) {
      SslContextFactory.Server tls = new SslContextFactory.Server();
      tls.setKeyStorePath(Tls.keyStore().toString());
      tls.setKeyStorePassword(Tls.PASSWORD);
      tls.setIncludeProtocols(transport.tlsVersion());
      tls.setSniRequired(false);
      String next = transport == Transport.H2 ? "alpn" : http1.getProtocol();
      factories.add(new SslConnectionFactory(tls, next));
    }
    if (transport == Transport.H2) {
      ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory();
      alpn.setDefaultProtocol(http1.getProtocol());
      factories.add(alpn);
      factories.add(new HTTP2ServerConnectionFactory(http));
    }
    factories.add(http1);
    if (transport == Transport.H2C) {
      factories.add(new HTTP2CServerConnectionFactory(http));
    }
    return factories.toArray(ConnectionFactory[]::new);
  }
}
