package io.github.safeasync.testkit;

import io.undertow.servlet.api.DeploymentInfo;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.apache.catalina.connector.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.VirtualThreads.Configurable;

/** Virtual threads, which exist from JDK 21 on; reached by reflection, as the tests run on 17. */
public final class VirtualThreads {

  private VirtualThreads() {}

  /** Whether this JDK has them. */
  public static boolean areAvailable() {
    return Runtime.version().feature() >= 21;
  }

  /** Whether a thread is one. */
  public static boolean isVirtual(Thread thread) {
    try {
      return areAvailable() && (Boolean) Thread.class.getMethod("isVirtual").invoke(thread);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  /** Has each request served by a virtual thread, in each container's own way. */
  public static void serve(TestApplication application) {
    application
        .customize(
            Server.class,
            server -> ((Configurable) server.getThreadPool()).setVirtualThreadsExecutor(executor()))
        .customize(Connector.class, connector -> connector.setProperty("useVirtualThreads", "true"))
        .customize(DeploymentInfo.class, deployment -> deployment.setExecutor(executor()));
  }

  /** Starts a virtual thread for each task. */
  public static Executor executor() {
    try {
      return (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
