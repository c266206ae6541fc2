package io.github.safeasync.testkit;

import io.undertow.server.handlers.ProxyPeerAddressHandler;
import io.undertow.servlet.api.DeploymentInfo;
import org.apache.catalina.Context;
import org.apache.catalina.valves.RemoteIpValve;
import org.eclipse.jetty.server.ForwardedRequestCustomizer;
import org.eclipse.jetty.server.HttpConfiguration;

/** Makes a container believe what a reverse proxy says about the client. */
public final class ForwardedHeaders {

  private ForwardedHeaders() {}

  /** Takes X-Forwarded-For and X-Forwarded-Proto from every client. */
  public static void trust(TestApplication app) {
    app.customize(HttpConfiguration.class, ForwardedHeaders::jetty);
    app.customize(Context.class, ForwardedHeaders::tomcat);
    app.customize(DeploymentInfo.class, ForwardedHeaders::undertow);
  }

  private static void jetty(HttpConfiguration http) {
    http.addCustomizer(new ForwardedRequestCustomizer());
  }

  private static void tomcat(Context context) {
    context.getPipeline().addValve(new RemoteIpValve());
  }

  private static void undertow(DeploymentInfo info) {
    info.addInitialHandlerChainWrapper(ProxyPeerAddressHandler::new);
  }
}
