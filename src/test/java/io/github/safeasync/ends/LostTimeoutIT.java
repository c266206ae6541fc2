package io.github.safeasync.ends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.DeafListener;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.TestServer;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;
import org.junit.jupiter.params.ParameterizedTest;

/**
 * Jetty forgets a timeout that is over before its thread has noted the timer's task, as where that
 * has to wait for a processor.
 */
class LostTimeoutIT {

  private static final int TIMEOUT_MILLIS = 20;

  /** Answers in the listener. */
  private static final Handler TIMED =
      (in, out) -> {
        AsyncContext context = in.startAsync();
        context.setTimeout(TIMEOUT_MILLIS);
        context.addListener(
            new DeafListener() {
              @Override
              public void onTimeout(AsyncEvent event) throws IOException {
                context.getResponse().getOutputStream().print("timed out");
                context.complete();
              }
            });
      };

  /** Has a timeout told before the timer's task is returned. */
  private static Scheduler hasty(Scheduler scheduler) {
    return (Scheduler)
        Proxy.newProxyInstance(
            Scheduler.class.getClassLoader(),
            new Class<?>[] {Scheduler.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("schedule")
                  && arguments[2] == TimeUnit.MILLISECONDS
                  && arguments[1].equals((long) TIMEOUT_MILLIS)) {
                ((Runnable) arguments[0]).run();
                return (Scheduler.Task) () -> false;
              }
              return method.invoke(scheduler, arguments);
            });
  }

  private static Connector hasty(Connector connector) {
    return (Connector)
        Proxy.newProxyInstance(
            Connector.class.getClassLoader(),
            new Class<?>[] {Connector.class},
            (proxy, method, arguments) ->
                method.getName().equals("getScheduler")
                    ? hasty(connector.getScheduler())
                    : method.invoke(connector, arguments));
  }

  private static void forgetTimeouts(HttpConfiguration configuration) {
    configuration.addCustomizer(
        (Request request, HttpFields.Mutable fields) ->
            new Request.Wrapper(request) {
              @Override
              public ConnectionMetaData getConnectionMetaData() {
                return new ConnectionMetaData.Wrapper(super.getConnectionMetaData()) {
                  @Override
                  public Connector getConnector() {
                    return hasty(super.getConnector());
                  }
                };
              }
            });
  }

  private static String answer(Container container, boolean filtered, Duration patience)
      throws Exception {
    try (TestServer server =
            container.start(
                app -> {
                  app.customize(HttpConfiguration.class, LostTimeoutIT::forgetTimeouts);
                  if (filtered) {
                    app.filter(new SafeAsyncFilter());
                  }
                  app.handler("/timed", TIMED);
                });
        RawClient client = RawClient.connect(server)) {
      client.readTimeout(patience);
      return client.get("/timed").readResponse().body();
    } catch (SocketTimeoutException silence) {
      return "silence";
    }
  }

  @ParameterizedTest
  @EveryContainer
  void timeoutThatJettyForgets_isTold_G13(Container container) throws Exception {
    assumeTrue(container.isJetty(), "Jetty's alone");

    assertThat(answer(container, false, Duration.ofSeconds(2))).isEqualTo("silence");
    assertThat(answer(container, true, Duration.ofSeconds(Site.PATIENCE_SECONDS)))
        .isEqualTo("timed out");
  }
}
