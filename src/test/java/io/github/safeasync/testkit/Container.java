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
 * system property {@code safeasync.classpath} says which. Of these {@code safeasync.containers}, if
 * given, takes some.
 */
public enum Container {
  /** Jetty 12.1 with its Servlet 6.0 environment. */
  JETTY_EE10(JettyEe10::start, JettyEe10::deploy),
  /** Jetty 12.1 with its Servlet 6.1 environment. */
  JETTY_EE11(JettyEe11::start, JettyEe11::deploy),
  /** Tomcat 10.1, Servlet 6.0. */
  TOMCAT_10(TomcatServer::start, TomcatServer::deploy),
  /** Tomcat 11, Servlet 6.1. */
  TOMCAT_11(TomcatServer::start, TomcatServer::deploy),
  /** Undertow 2.3, Servlet 6.0; it cannot deploy a WAR by itself. */
  UNDERTOW(UndertowServer::start, null);

  private final Starter starter;
  private final Deployer deployer;

  Container(Starter starter, Deployer deployer) {
    this.starter = starter;
    this.deployer = deployer;
  }

  /**
   * The containers on this run's class path that the run asks for.
   *
   * @throws org.opentest4j.TestAbortedException if there is none: the test is another run's
   */
  public static Set<Container> available() {
    Set<Container> present = named("safeasync.classpath", "JETTY_EE10,TOMCAT_10,UNDERTOW");
    Set<Container> asked = EnumSet.copyOf(present);
    if (System.getProperty("safeasync.containers") != null) {
      asked.retainAll(named("safeasync.containers", ""));
    }
    assumeFalse(asked.isEmpty(), () -> "none of the containers asked for is among " + present);
    return asked;
  }

  private static Set<Container> named(String property, String otherwise) {
    List<Container> containers =
        Arrays.stream(System.getProperty(property, otherwise).split(","))
            .map(String::strip)
            .map(Container::valueOf)
            .toList();
    return EnumSet.copyOf(containers);
  }

  /** Whether this is Jetty, of whichever Servlet version. */
  public boolean isJetty() {
    return this == JETTY_EE10 || this == JETTY_EE11;
  }

  /** Whether this is Tomcat, of whichever Servlet version. */
  public boolean isTomcat() {
    return this == TOMCAT_10 || this == TOMCAT_11;
  }

  /** Whether {@link #deployWar} works. */
  public boolean canDeployWars() {
    return deployer != null;
  }

  /** Starts the application on 127.0.0.1 over plain HTTP/1.1. */
  public TestServer start(Consumer<TestApplication> application) throws Exception {
    return start(Transport.PLAIN, application);
  }

  /**
   * Starts the application on a free port of 127.0.0.1.
   *
   * @throws Exception if the application could not be started; what its filter's init() or listener
   *     threw is in the chain of causes
   */
  public TestServer start(Transport transport, Consumer<TestApplication> application)
      throws Exception {
    TestApplication built = new TestApplication();
    application.accept(built);
    return starter.start(this, transport, built);
  }

  /** Deploys a packed WAR over plain HTTP/1.1. */
  public TestServer deployWar(Path war, String contextPath) throws Exception {
    return deployWar(Transport.PLAIN, war, contextPath);
  }

  /**
   * Deploys a packed WAR behind the container's own web-app class loader. That loader cannot see
   * the tests' copy of the library: what the WAR lacks is missing.
   *
   * @param contextPath such as "/demo", or "" for the root
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
