package io.github.safeasync.testkit;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletRegistration;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.EventListener;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What a test deploys: filters, servlets and listeners as ready objects, registered through the
 * Servlet API in the order of the calls. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class TestApplication {
  private final List<Consumer<ServletContext>> registrations = new ArrayList<>();
  private final List<Knob<?>> knobs = new ArrayList<>();
  private final List<ErrorPage> errorPages = new ArrayList<>();
  private Path files;
  private String contextPath = "";
  private InetSocketAddress listensAt = TestServer.ANY_PORT;

  TestApplication() {}

  /**
   * Puts a filter before everything, asynchronous, for requests of all dispatcher types.
   *
   * @param filter ready to be used
   * @return this application
   */
  public TestApplication filter(Filter filter) {
    return filter(filter, Map.of());
  }

  /**
   * Puts a filter before some paths, asynchronous, for requests of all dispatcher types.
   *
   * @param filter ready to be used
   * @param urlPatterns as a web.xml has them
   * @return this application
   */
  public TestApplication filter(Filter filter, String... urlPatterns) {
    return filter(filter, Map.of(), urlPatterns);
  }

  /**
   * Puts a filter before everything, asynchronous, for requests of all dispatcher types.
   *
   * @param filter ready to be used
   * @param initParameters by name
   * @return this application
   */
  public TestApplication filter(Filter filter, Map<String, String> initParameters) {
    return filter(filter, initParameters, "/*");
  }

  private TestApplication filter(
      Filter filter, Map<String, String> initParameters, String... urlPatterns) {
    EnumSet<DispatcherType> all = EnumSet.allOf(DispatcherType.class);
    return filter(filter.getClass().getName(), filter, initParameters, true, all, urlPatterns);
  }

  /**
   * Adds a filter the way a web.xml spells it out.
   *
   * @param name the filter's
   * @param filter ready to be used
   * @param initParameters by name
   * @param asyncSupported whether its requests may go asynchronous
   * @param dispatcherTypes the requests that it is shown
   * @param urlPatterns as a web.xml has them
   * @return this application
   */
  public TestApplication filter(
      String name,
      Filter filter,
      Map<String, String> initParameters,
      boolean asyncSupported,
      Set<DispatcherType> dispatcherTypes,
      String... urlPatterns) {
    registrations.add(
        context -> {
          FilterRegistration.Dynamic registration = context.addFilter(name, filter);
          registration.setInitParameters(initParameters);
          registration.setAsyncSupported(asyncSupported);
          registration.addMappingForUrlPatterns(EnumSet.copyOf(dispatcherTypes), true, urlPatterns);
        });
    return this;
  }

  /**
   * Adds a servlet that may go asynchronous.
   *
   * @param urlPattern as a web.xml has it
   * @param servlet ready to be used
   * @return this application
   */
  public TestApplication servlet(String urlPattern, Servlet servlet) {
    return servlet(urlPattern, servlet, true);
  }

  /**
   * Adds a servlet.
   *
   * @param urlPattern as a web.xml has it
   * @param servlet ready to be used
   * @param asyncSupported whether its requests may go asynchronous
   * @return this application
   */
  public TestApplication servlet(String urlPattern, Servlet servlet, boolean asyncSupported) {
    return servlet(urlPattern, servlet, Map.of(), asyncSupported);
  }

  /**
   * Adds a servlet that may go asynchronous, with parameters as a web.xml gives them.
   *
   * @param urlPattern as a web.xml has it
   * @param servlet ready to be used
   * @param initParameters by name
   * @return this application
   */
  public TestApplication servlet(
      String urlPattern, Servlet servlet, Map<String, String> initParameters) {
    return servlet(urlPattern, servlet, initParameters, true);
  }

  private TestApplication servlet(
      String urlPattern,
      Servlet servlet,
      Map<String, String> initParameters,
      boolean asyncSupported) {
    registrations.add(
        context -> {
          ServletRegistration.Dynamic registration =
              context.addServlet("servlet at " + urlPattern, servlet);
          registration.setInitParameters(initParameters);
          registration.setAsyncSupported(asyncSupported);
          registration.addMapping(urlPattern);
        });
    return this;
  }

  /**
   * Adds a servlet, asynchronous, from a lambda that serves every method.
   *
   * @param urlPattern as a web.xml has it
   * @param handler serves the requests
   * @return this application
   */
  public TestApplication handler(String urlPattern, Handler handler) {
    return servlet(urlPattern, new HandlerServlet(handler));
  }

  /**
   * Adds a listener of any kind the Servlet API knows.
   *
   * @param listener ready to be used
   * @return this application
   */
  public TestApplication listener(EventListener listener) {
    registrations.add(context -> context.addListener(listener));
    return this;
  }

  /**
   * Adds a servlet, asynchronous, that takes multipart/form-data.
   *
   * @param urlPattern as a web.xml has it
   * @param handler serves the requests
   * @return this application
   */
  public TestApplication multipart(String urlPattern, Handler handler) {
    registrations.add(
        context -> {
          ServletRegistration.Dynamic registration =
              context.addServlet("servlet at " + urlPattern, new HandlerServlet(handler));
          registration.setAsyncSupported(true);
          registration.setMultipartConfig(new MultipartConfigElement(""));
          registration.addMapping(urlPattern);
        });
    return this;
  }

  /**
   * Answers errors of a status by a dispatch to a path, as an error-page of web.xml says it.
   *
   * @param status of the answers
   * @param location the path that answers in their place
   * @return this application
   */
  public TestApplication errorPage(int status, String location) {
    errorPages.add(new ErrorPage(status, null, location));
    return this;
  }

  /**
   * Answers exceptions of a type by a dispatch to a path, as an error-page of web.xml says it.
   *
   * @param type of the exceptions
   * @param location the path that answers in their place
   * @return this application
   */
  public TestApplication errorPage(Class<? extends Throwable> type, String location) {
    errorPages.add(new ErrorPage(0, type, location));
    return this;
  }

  /**
   * Serves the files of a directory by the container's own default servlet.
   *
   * @param directory with the files
   * @return this application
   */
  public TestApplication files(Path directory) {
    files = directory;
    return this;
  }

  /**
   * Sets an attribute of the servlet context.
   *
   * @param name the attribute's
   * @param value what it is
   * @return this application
   */
  public TestApplication attribute(String name, Object value) {
    registrations.add(context -> context.setAttribute(name, value));
    return this;
  }

  /**
   * Deploys at a path such as "/app" instead of at the root.
   *
   * @param path "" for the root
   * @return this application
   */
  public TestApplication contextPath(String path) {
    contextPath = path;
    return this;
  }

  /**
   * Listens on a port that was free before, instead of on a free one.
   *
   * @param number of the port
   * @return this application
   */
  public TestApplication port(int number) {
    listensAt = new InetSocketAddress(listensAt.getAddress(), number);
    return this;
  }

  /**
   * Listens on all addresses of the machine, for clients that come from elsewhere.
   *
   * @return this application
   */
  public TestApplication everywhere() {
    listensAt = new InetSocketAddress("0.0.0.0", listensAt.getPort());
    return this;
  }

  /**
   * Turns a knob of the container before it starts. The knob is called with each of the container's
   * own objects of the type: Jetty's Server, ServerConnector, HttpConfiguration and ContextHandler;
   * Tomcat's Tomcat, Connector and Context; Undertow's Undertow.Builder and DeploymentInfo.
   *
   * @param <T> the type of the objects
   * @param type of the objects
   * @param knob turns it
   * @return this application
   */
  public <T> TestApplication customize(Class<T> type, Consumer<? super T> knob) {
    knobs.add(new Knob<>(type, knob));
    return this;
  }

  /** By a status, or by a type of exception where that is not null. */
  private record ErrorPage(int status, Class<? extends Throwable> type, String location) {}

  /** Hands the error pages over, by what they answer. */
  void eachErrorPage(
      BiConsumer<Integer, String> ofStatus, BiConsumer<Class<? extends Throwable>, String> ofType) {
    for (ErrorPage each : errorPages) {
      if (each.type() == null) {
        ofStatus.accept(each.status(), each.location());
      } else {
        ofType.accept(each.type(), each.location());
      }
    }
  }

  boolean hasErrorPages() {
    return !errorPages.isEmpty();
  }

  /** Null if no files are served. */
  Path files() {
    return files;
  }

  String contextPath() {
    return contextPath;
  }

  InetSocketAddress listensAt() {
    return listensAt;
  }

  void customize(Object containerNative) {
    knobs.forEach(knob -> knob.turn(containerNative));
  }

  /** Registers everything, from a callback in which the container still takes registrations. */
  ServletContainerInitializer initializer() {
    return (classes, context) -> registrations.forEach(each -> each.accept(context));
  }

  private record Knob<T>(Class<T> type, Consumer<? super T> action) {
    void turn(Object containerNative) {
      if (type.isInstance(containerNative)) {
        action.accept(type.cast(containerNative));
      }
    }
  }
}
