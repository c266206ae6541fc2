package io.github.safeasync.testkit;

import io.undertow.servlet.api.DeploymentInfo;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;

/**
 * Makes any container an unknown one: hands on requests of a class of its own, which is no wrapper
 * and has nothing but the Servlet API.
 */
public final class BareRequests implements Filter {

  private final Map<String, ?> forged;

  private BareRequests(Map<String, ?> forged) {
    this.forged = forged;
  }

  /** Puts itself before all filters that are added later. */
  public static void precede(TestApplication app) {
    precede(app, Map.of());
  }

  /**
   * Puts itself before all filters that are added later.
   *
   * @param forged what some methods answer instead, by their names
   */
  public static void precede(TestApplication app, Map<String, ?> forged) {
    app.customize(DeploymentInfo.class, info -> info.setAllowNonStandardWrappers(true));
    app.filter(new BareRequests(Map.copyOf(forged)));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      tellJetty(request);
    } catch (ReflectiveOperationException e) {
      throw new ServletException(e);
    }
    Object bare =
        Proxy.newProxyInstance(
            BareRequests.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, method, arguments) -> {
              Object forgery = forged.get(method.getName());
              try {
                return forgery == null ? method.invoke(request, arguments) : forgery;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
    chain.doFilter((ServletRequest) bare, response);
  }

  /** It looks for its own request in this attribute if it is handed one that it does not know. */
  private static void tellJetty(ServletRequest request) throws ReflectiveOperationException {
    if (request.getClass().getName().startsWith("org.eclipse.jetty.")) {
      Object info = request.getClass().getMethod("getServletRequestInfo").invoke(request);
      Object channel = info.getClass().getMethod("getServletChannel").invoke(info);
      request.setAttribute(channel.getClass().getName(), channel);
    }
  }
}
