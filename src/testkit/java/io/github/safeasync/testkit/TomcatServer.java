package io.github.safeasync.testkit;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.catalina.Context;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.LifecycleState;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.util.ServerInfo;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.IntrospectionUtils;
import org.apache.tomcat.util.descriptor.web.ErrorPage;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.scan.StandardJarScanner;

/** Tomcat 10.1 or 11, whichever is on the class path: what is used here is the same in both. */
final class TomcatServer extends TestServer {
  private final Tomcat tomcat = new Tomcat();
  private final Connector connector;
  private Context context;

  private TomcatServer(Container container, Transport transport) {
    super(container, transport);
    String expected = container == Container.TOMCAT_11 ? "11." : "10.1.";
    if (!ServerInfo.getServerNumber().startsWith(expected)) {
      throw new IllegalStateException(
          container + " was asked for, the class path has " + ServerInfo.getServerNumber());
    }
    // Tomcat would keep the first server's directory as the home of all and make it again.
    System.setProperty("catalina.home", buildDirectory().toString());
    tomcat.setBaseDir(temporaryDirectory("tomcat").toString());
    connector = connector(transport);
    tomcat.setConnector(connector);
    tomcat.getHost();
  }

  static TestServer start(Container container, Transport transport, TestApplication application)
      throws Exception {
    TomcatServer server = new TomcatServer(container, transport);
    server.connector.setPort(application.listensAt().getPort());
    server.connector.setProperty("address", application.listensAt().getHostString());
    server.context = server.tomcat.addContext(application.contextPath(), null);
    server.context.addServletContainerInitializer(application.initializer(), Set.of());
    addErrorPages(server.context, application);
    if (application.files() != null) {
      server.context.setDocBase(application.files().toString());
      Tomcat.addServlet(server.context, "default", new DefaultServlet()).addMapping("/");
    }
    server.start(application::customize);
    return server;
  }

  private static void addErrorPages(Context context, TestApplication application) {
    application.eachErrorPage(
        (status, location) -> addErrorPage(context, location, page -> page.setErrorCode(status)),
        (type, location) ->
            addErrorPage(context, location, page -> page.setExceptionType(type.getName())));
  }

  private static void addErrorPage(Context context, String location, Consumer<ErrorPage> answered) {
    ErrorPage page = new ErrorPage();
    page.setLocation(location);
    answered.accept(page);
    context.addErrorPage(page);
  }

  static TestServer deploy(Container container, Transport transport, Path war, String contextPath)
      throws Exception {
    TomcatServer server = new TomcatServer(container, transport);
    Files.createDirectories(
        new File(server.tomcat.getServer().getCatalinaBase(), "webapps").toPath());
    server.context = server.tomcat.addWebapp(contextPath, war.toAbsolutePath().toString());
    server.context.setParentClassLoader(new ServerClassLoader());
    server.context.addLifecycleListener(
        event -> {
          if (event.getType().equals(Lifecycle.BEFORE_START_EVENT)) {
            removeJsp(server.context);
          }
        });
    // The test class path stands for the server's own libraries, which Tomcat does not scan either.
    ((StandardJarScanner) server.context.getJarScanner()).setScanClassPath(false);
    server.start(containerNative -> {});
    return server;
  }

  /** Tomcat's defaults name a servlet for JSP, which is not on the class path. */
  private static void removeJsp(Context context) {
    context.removeServletMapping("*.jsp");
    context.removeServletMapping("*.jspx");
    context.removeChild(context.findChild("jsp"));
  }

  private void start(Consumer<Object> customizer) throws Exception {
    StandardContext standard = (StandardContext) context;
    standard.setFailCtxIfServletStartFails(true);
    // So long it waits for asynchronous requests before it stops the filters; two seconds if unset.
    standard.setUnloadDelay(100);
    // These look for leaks in classes the JDK keeps closed, and warn if it was not opened for them.
    // Opening it would hide it from these tests if the library needed the same.
    standard.setClearReferencesRmiTargets(false);
    standard.setClearReferencesThreadLocals(false);
    // By its name, as Tomcat 11 has it no more.
    IntrospectionUtils.setProperty(standard, "clearReferencesObjectStreamClassCaches", "false");
    customizer.accept(tomcat);
    customizer.accept(connector);
    customizer.accept(context);
    // Tomcat logs what made a context fail and keeps no reference to it.
    try (Logs logs = Logs.capture()) {
      tomcat.start();
      if (context.getState() != LifecycleState.STARTED) {
        LifecycleException failure = new LifecycleException("the application did not start");
        logs.throwables().stream().findFirst().ifPresent(failure::initCause);
        throw failure;
      }
    } catch (Throwable failure) {
      close();
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
  }

  @Override
  public void startApplication() throws Exception {
    context.start();
  }

  @Override
  public void close() throws Exception {
    if (tomcat.getServer().getState() != LifecycleState.DESTROYED) {
      tomcat.stop();
      tomcat.destroy();
      deleteAll(tomcat.getServer().getCatalinaBase().toPath());
    }
  }

  private static Connector connector(Transport transport) {
    Connector connector = new Connector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setThrowOnFailure(true);
    if (transport.isSecure()) {
      connector.setSecure(true);
      connector.setScheme("https");
      connector.setProperty("SSLEnabled", "true");
      connector.addSslHostConfig(tls(transport));
    }
    if (transport.isHttp2()) {
      connector.addUpgradeProtocol(new Http2Protocol());
    }
    return connector;
  }

  private static SSLHostConfig tls(Transport transport) {
    SSLHostConfig config = new SSLHostConfig();
    config.setProtocols(transport.tlsVersion());
    SSLHostConfigCertificate certificate =
        new SSLHostConfigCertificate(config, SSLHostConfigCertificate.Type.UNDEFINED);
    certificate.setCertificateKeystoreFile(Tls.keyStore().toString());
    certificate.setCertificateKeystorePassword(Tls.PASSWORD);
    config.addCertificate(certificate);
    return config;
  }
}
