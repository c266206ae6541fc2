package io.github.safeasync.spring;

import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.Filter;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;

/** An application of Spring MVC on a server of its own, without Spring Boot. */
final class MvcServer {

  private MvcServer() {}

  /**
   * Starts one.
   *
   * @param application a configuration
   * @param filters in front of it, in their order
   */
  static TestServer start(Container container, Class<?> application, Filter... filters)
      throws Exception {
    AnnotationConfigWebApplicationContext context = new AnnotationConfigWebApplicationContext();
    context.register(application);
    return container.start(
        app -> {
          for (Filter each : filters) {
            app.filter(each);
          }
          app.servlet("/", new DispatcherServlet(context));
        });
  }
}
