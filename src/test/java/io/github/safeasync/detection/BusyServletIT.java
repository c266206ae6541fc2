package io.github.safeasync.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncResponse;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.Handler;
import io.github.safeasync.testkit.Logs;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.Site;
import io.github.safeasync.testkit.Threads;
import io.github.safeasync.testkit.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;

/** Other threads write while the servlet has not returned, which on Tomcat holds a lock. */
class BusyServletIT {

  /** More than the library has threads that write. */
  private static final int BUSY = 12;

  private static final String BODY = "x".repeat(100_000);

  @ParameterizedTest
  @EveryContainer
  void servletsThatStayInside_holdUpNoOtherStream_G10(Container container) throws Exception {
    ExecutorService threads = Threads.started(2);
    CountDownLatch written = new CountDownLatch(BUSY);
    CountDownLatch release = new CountDownLatch(1);
    Handler busy =
        (request, response) -> {
          SafeAsyncResponse safe = SafeAsyncResponse.of(request);
          threads.execute(
              () -> {
                safe.write(BODY);
                safe.finish("end");
                written.countDown();
              });
          if (!awaits(release)) {
            throw new IOException("The test did not release it");
          }
        };
    try (Logs logs = Logs.capture();
        Site site =
            Site.start(
                container,
                Transport.PLAIN,
                SafeAsyncConfig.defaults(),
                app -> app.handler("/busy", busy));
        RawClient other = RawClient.connect(site.server())) {
      List<RawClient> waiting = new ArrayList<>();
      for (int i = 0; i < BUSY; i++) {
        waiting.add(RawClient.connect(site.server()).get("/busy"));
      }
      assertThat(written.await(Site.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      other.get("/take");
      SafeAsyncResponse stream = site.take();
      stream.write(BODY);
      stream.flush();
      stream.finish("done");
      assertThat(other.readResponse().body()).isEqualTo(BODY + "done");
      release.countDown();
      for (RawClient each : waiting) {
        assertThat(each.readResponse().body()).isEqualTo(BODY + "end");
        each.close();
      }
      logs.assertQuiet();
    } finally {
      release.countDown();
      threads.shutdownNow();
    }
  }

  private static boolean awaits(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
