package io.github.safeasync.testkit;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.handlers.PathHandler;
import io.undertow.server.handlers.resource.PathResourceManager;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.api.ErrorPage;
import io.undertow.servlet.api.ServletContainerInitializerInfo;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import jakarta.servlet.ServletContainerInitializer;
import java.net.InetSocketAddress;
import java.util.Set;
import org.xnio.Options;
import org.xnio.Sequence;

/** Undertow with its servlet container. */
final class UndertowServer extends TestServer {
  private final DeploymentInfo info;
  private final DeploymentManager deployment;
  private final PathHandler paths = Handlers.path();
  private final Undertow undertow;
  private final String contextPath;

  private UndertowServer(Container container, Transport transport, TestApplication application)
      throws Exception {
    super(container, transport);
    contextPath = application.contextPath().isEmpty() ? "/" : application.contextPath();
    ServletContainerInitializer initializer = application.initializer();
    info =
        Servlets.deployment()
            .setClassLoader(UndertowServer.class.getClassLoader())
            .setContextPath(contextPath)
            .setDeploymentName("test")
            // As Spring Boot does it; otherwise a failing init() fails the first request instead.
            .setEagerFilterInit(true)
            .addServletContainerInitializer(
                new ServletContainerInitializerInfo(
                    initializer.getClass(), new ImmediateInstanceFactory<>(initializer), Set.of()));
    application.eachErrorPage(
        (status, location) -> info.addErrorPage(new ErrorPage(location, status)),
        (type, location) -> info.addErrorPage(new ErrorPage(location, type)));
    if (application.files() != null) {
      info.setResourceManager(new PathResourceManager(application.files()));
    }
    String host = application.listensAt().getHostString();
    Undertow.Builder builder = Undertow.builder().setIoThreads(2).setWorkerThreads(16);
    if (transport.isSecure()) {
      builder.addHttpsListener(application.listensAt().getPort(), host, Tls.serverContext());
      builder.setSocketOption(Options.SSL_ENABLED_PROTOCOLS, Sequence.of(transport.tlsVersion()));
    } else {
      builder.addHttpListener(application.listensAt().getPort(), host);
    }
    builder.setServerOption(UndertowOptions.ENABLE_HTTP2, transport.isHttp2());
    // Its default is 2 MiB.
    builder.setServerOption(UndertowOptions.MAX_ENTITY_SIZE, -1L);
    application.customize(builder);
    application.customize(info);
    undertow = builder.setHandler(paths).build();
    deployment = Servlets.newContainer().addDeployment(info);
  }

  static TestServer start(Container container, Transport transport, TestApplication application)
      throws Exception {
    UndertowServer server = new UndertowServer(container, transport, application);
    server.deployment.deploy();
    server.paths.addPrefixPath(server.contextPath, server.deployment.start());
    server.undertow.start();
    return server;
  }

  @Override
  public int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  @Override
  public void stopApplication() throws Exception {
    paths.removePrefixPath(contextPath);
    if (deployment.getState() != DeploymentManager.State.UNDEPLOYED) {
      deployment.stop();
      deployment.undeploy();
    }
    // Undertow leaves open, with a thread that watches its files, what it was given.
    info.getResourceManager().close();
  }

  @Override
  public void close() throws Exception {
    stopApplication();
    undertow.stop();
  }
}
