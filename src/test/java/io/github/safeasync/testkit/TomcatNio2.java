package io.github.safeasync.testkit;

import java.util.function.IntSupplier;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;

/** Tomcat's connector on asynchronous channels, which has no SocketChannel to be reached. */
public final class TomcatNio2 {

  private TomcatNio2() {}

  /** Adds one to the server of an application, and answers its port once that is started. */
  public static IntSupplier join(TestApplication app) {
    Connector connector = new Connector("org.apache.coyote.http11.Http11Nio2Protocol");
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.addUpgradeProtocol(new Http2Protocol());
    app.customize(Tomcat.class, tomcat -> tomcat.getService().addConnector(connector));
    return connector::getLocalPort;
  }
}
