package io.github.safeasync.testkit;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The servlet containers the tests run on. This package is the only one that names their classes.
 *
 * <p>A test run has either the containers of Servlet 6.0 or those of 6.1 on its class path: the
 * system property {@code safeasync.classpath} says which, and otherwise the class path itself. Of
 * these {@code safeasync.containers}, if given, takes some. Thread-safe.
 *
 * @since 0.1.0
 */
public enum Container {
  // Lambdas: a reference to a method would load the classes of a server that is not there.

  /** Jetty 12.1 with its Servlet 6.0 environment. */
  JETTY_EE10(
      "org.eclipse.jetty.ee10.servlet.ServletContextHandler",
      (me, how, what) -> JettyEe10.start(me, how, what),
      (me, how, war, at) -> JettyEe10.deploy(me, how, war, at)),
  /** Jetty 12.1 with its Servlet 6.1 environment. */
  JETTY_EE11(
      "org.eclipse.jetty.ee11.servlet.ServletContextHandler",
      (me, how, what) -> JettyEe11.start(me, how, what),
      (me, how, war, at) -> JettyEe11.deploy(me, how, war, at)),
  /** Tomcat 10.1, Servlet 6.0. */
  TOMCAT_10(
      "org.apache.catalina.startup.Tomcat",
      (me, how, what) -> TomcatServer.start(me, how, what),
      (me, how, war, at) -> TomcatServer.deploy(me, how, war, at)),
  /** Tomcat 11, Servlet 6.1. */
  TOMCAT_11(
      "org.apache.catalina.startup.Tomcat",
      (me, how, what) -> TomcatServer.start(me, how, what),
      (me, how, war, at) -> TomcatServer.deploy(me, how, war, at)),
  /** Undertow 2.3, Servlet 6.0; it cannot deploy a WAR by itself. */
  UNDERTOW("io.undertow.Undertow", (me, how, what) -> UndertowServer.start(me, how, what), null);

  private final String marker;
  private final Starter starter;
  private final Deployer deployer;

  Container(String marker, Starter starter, Deployer deployer) {
    this.marker = marker;
    this.starter = starter;
    this.deployer = deployer;
  }

  /**
   * {@return the containers on this run's class path that the run asks for}
   *
   * @throws org.opentest4j.TestAbortedException if there is none: the test is another run's
   */
  public static Set<Container> available() {
    Set<Container> present =
        System.getProperty("safeasync.classpath") == null
            ? onClassPath()
            : named("safeasync.classpath");
    Set<Container> asked = EnumSet.copyOf(present);
    if (System.getProperty("safeasync.containers") != null) {
      asked.retainAll(named("safeasync.containers"));
    }
    assumeFalse(asked.isEmpty(), () -> "none of the containers asked for is among " + present);
    return asked;
  }

  /** Those of Servlet 6.0, and if there are none those of 6.1. */
  private static Set<Container> onClassPath() {
    Set<Container> older = EnumSet.of(JETTY_EE10, TOMCAT_10, UNDERTOW);
    older.removeIf(container -> !container.isOnClassPath());
    Set<Container> newer = EnumSet.of(JETTY_EE11, TOMCAT_11);
    newer.removeIf(container -> !container.isOnClassPath());
    return older.isEmpty() ? newer : older;
  }

  private boolean isOnClassPath() {
    ClassLoader loader = Container.class.getClassLoader();
    return loader.getResource(marker.replace('.', '/') + ".class") != null
        && (!isTomcat() || (this == TOMCAT_11) == isServlet61(loader));
  }

  private static boolean isServlet61(ClassLoader loader) {
    try {
      Class<?> response = loader.loadClass("jakarta.servlet.http.HttpServletResponse");
      return Arrays.stream(response.getFields())
          .anyMatch(field -> field.getName().equals("SC_PERMANENT_REDIRECT"));
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static Set<Container> named(String property) {
    List<Container> containers =
        Arrays.stream(System.getProperty(property).split(","))
            .map(String::strip)
            .map(Container::valueOf)
            .toList();
    return EnumSet.copyOf(containers);
  }

  /** {@return whether this is Jetty, of whichever Servlet version} */
  public boolean isJetty() {
    return this == JETTY_EE10 || this == JETTY_EE11;
  }

  /** {@return whether this is Tomcat, of whichever Servlet version} */
  public boolean isTomcat() {
    return this == TOMCAT_10 || this == TOMCAT_11;
  }

  /** {@return whether {@link #deployWar} works} */
  public boolean canDeployWars() {
    return deployer != null;
  }

  /**
   * Starts the application on 127.0.0.1 over plain HTTP/1.1.
   *
   * @param application says what to deploy
   * @return the server, to be closed by the caller
   * @throws Exception if the application could not be started
   */
  public TestServer start(Consumer<TestApplication> application) throws Exception {
    return start(Transport.PLAIN, application);
  }

  /**
   * Starts the application on a free port of 127.0.0.1.
   *
   * @param transport how clients reach it
   * @param application says what to deploy
   * @return the server, to be closed by the caller
   * @throws Exception if the application could not be started; what its filter's init() or listener
   *     threw is in the chain of causes
   */
  public TestServer start(Transport transport, Consumer<TestApplication> application)
      throws Exception {
    TestApplication built = new TestApplication();
    application.accept(built);
    return starter.start(this, transport, built);
  }

  /**
   * Deploys a packed WAR over plain HTTP/1.1.
   *
   * @param war the file
   * @param contextPath such as "/demo", or "" for the root
   * @return the server, to be closed by the caller
   * @throws Exception if the application could not be started
   */
  public TestServer deployWar(Path war, String contextPath) throws Exception {
    return deployWar(Transport.PLAIN, war, contextPath);
  }

  /**
   * Deploys a packed WAR behind the container's own web-app class loader. That loader cannot see
   * the tests' copy of the library: what the WAR lacks is missing.
   *
   * @param transport how clients reach it
   * @param war the file
   * @param contextPath such as "/demo", or "" for the root
   * @return the server, to be closed by the caller
   * @throws UnsupportedOperationException if the container has no notion of a WAR
   * @throws Exception if the application could not be started
   */
  public TestServer deployWar(Transport transport, Path war, String contextPath) throws Exception {
    if (deployer == null) {
      throw new UnsupportedOperationException(this + " deploys no WAR");
    }
    return deployer.deploy(this, transport, war, contextPath);
  }

  private interface Starter {
    TestServer start(Container container, Transport transport, TestApplication application)
        throws Exception;
  }

  private interface Deployer {
    TestServer deploy(Container container, Transport transport, Path war, String contextPath)
        throws Exception;
  }
}
