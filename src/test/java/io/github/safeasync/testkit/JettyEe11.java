package io.github.safeasync.testkit;

import java.nio.file.Path;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.webapp.WebAppContext;

/** Jetty's Servlet 6.1 environment. */
final class JettyEe11 {
  private JettyEe11() {}

  static TestServer start(Container container, Transport transport, TestApplication application)
      throws Exception {
    ServletContextHandler context = new ServletContextHandler();
    context.setContextPath(application.contextPath().isEmpty() ? "/" : application.contextPath());
    context.addServletContainerInitializer(application.initializer());
    return JettyServer.start(
        container, transport, application.port(), context, application::customize);
  }

  static TestServer deploy(Container container, Transport transport, Path war, String contextPath)
      throws Exception {
    WebAppContext context =
        new WebAppContext(war.toString(), contextPath.isEmpty() ? "/" : contextPath);
    context.setTempDirectory(TestServer.temporaryDirectory("jetty").toFile());
    context.setThrowUnavailableOnStartupException(true);
    context.setClassLoader(new ServerClassLoader());
    return JettyServer.start(container, transport, 0, context, containerNative -> {});
  }
}
