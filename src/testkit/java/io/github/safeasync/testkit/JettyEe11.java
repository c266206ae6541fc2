package io.github.safeasync.testkit;

import java.nio.file.Path;
import org.eclipse.jetty.ee11.servlet.DefaultServlet;
import org.eclipse.jetty.ee11.servlet.ErrorPageErrorHandler;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.SessionHandler;
import org.eclipse.jetty.ee11.webapp.WebAppContext;

/** Jetty's Servlet 6.1 environment. */
final class JettyEe11 {
  private JettyEe11() {}

  static TestServer start(Container container, Transport transport, TestApplication application)
      throws Exception {
    ServletContextHandler context = new ServletContextHandler();
    context.setContextPath(application.contextPath().isEmpty() ? "/" : application.contextPath());
    context.addServletContainerInitializer(application.initializer());
    context.setSessionHandler(new SessionHandler());
    addErrorPages(context, application);
    if (application.files() != null) {
      context.setBaseResourceAsPath(application.files());
      context.addServlet(DefaultServlet.class, "/");
    }
    return JettyServer.start(
        container, transport, application.listensAt(), context, application::customize);
  }

  private static void addErrorPages(ServletContextHandler context, TestApplication application) {
    if (application.hasErrorPages()) {
      ErrorPageErrorHandler pages = new ErrorPageErrorHandler();
      application.eachErrorPage(pages::addErrorPage, pages::addErrorPage);
      context.setErrorHandler(pages);
    }
  }

  static TestServer deploy(Container container, Transport transport, Path war, String contextPath)
      throws Exception {
    WebAppContext context =
        new WebAppContext(war.toString(), contextPath.isEmpty() ? "/" : contextPath);
    context.setTempDirectory(TestServer.temporaryDirectory("jetty").toFile());
    context.setThrowUnavailableOnStartupException(true);
    context.setClassLoader(new ServerClassLoader());
    return JettyServer.start(
        container, transport, TestServer.ANY_PORT, context, containerNative -> {});
  }
}
