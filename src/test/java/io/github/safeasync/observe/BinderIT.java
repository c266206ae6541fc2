package io.github.safeasync.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.safeasync.Departure;
import io.github.safeasync.SafeAsyncConfig;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.Container;
import io.github.safeasync.testkit.EveryContainer;
import io.github.safeasync.testkit.RawClient;
import io.github.safeasync.testkit.TestServer;
import io.github.safeasync.testkit.Twins;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.tomcat.TomcatMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.jetty12.server.DefaultJettyCoreRequestTagsProvider;
import io.micrometer.jetty12.server.JettyCoreRequestTagsProvider;
import io.micrometer.jetty12.server.TimedHandler;
import jakarta.servlet.AsyncContext;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;

/** What Micrometer's own binders for Jetty and Tomcat make of a request whose client has left. */
class BinderIT {

  private static final JettyCoreRequestTagsProvider USUAL =
      new DefaultJettyCoreRequestTagsProvider();

  /** As the documents have it. */
  private static final JettyCoreRequestTagsProvider TELLING =
      request ->
          request.getAttribute(Departure.ATTRIBUTE) == null
              ? USUAL.getTags(request)
              : Tags.of(USUAL.getTags(request)).and("outcome", "CLIENT_GONE");

  private final BlockingQueue<AsyncContext> pending = new LinkedBlockingQueue<>();
  private final MeterRegistry registry = new SimpleMeterRegistry();

  /** Has a client leave a request, and waits until it is counted. */
  private void leave(Container container, @Nullable SafeAsyncConfig behind, Consumer<Server> jetty)
      throws Exception {
    try (TestServer server =
        container.start(
            app -> {
              app.customize(Server.class, jetty);
              if (behind != null) {
                app.filter(SafeAsyncFilter.create(behind));
              }
              app.handler("/pending", (request, response) -> pending.add(request.startAsync()));
            })) {
      TomcatMetrics.monitor(registry, null);
      try (RawClient client = RawClient.connect(server).get("/pending")) {
        AsyncContext context = pending.poll(10, TimeUnit.SECONDS);
        client.closeFin();
        if (behind == null) {
          // As it would be answered some time later.
          Thread.sleep(100);
          Twins.complete(context);
        }
      }
      Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> requests() > 0);
      errors = sum(registry.find("tomcat.global.error").functionCounters());
    }
  }

  private double errors;

  private double requests() {
    Collection<FunctionTimer> ofTomcat = registry.find("tomcat.global.request").functionTimers();
    return ofTomcat.stream().mapToDouble(FunctionTimer::count).sum() + ofJetty().size();
  }

  private static double sum(Collection<FunctionCounter> counters) {
    return counters.stream().mapToDouble(FunctionCounter::count).sum();
  }

  private Collection<Timer> ofJetty() {
    return registry.find("jetty.server.requests").timers();
  }

  private Consumer<Server> timedBy(JettyCoreRequestTagsProvider tags) {
    return jetty -> {
      TimedHandler timed = new TimedHandler(registry, List.of(), tags);
      timed.setHandler(jetty.getHandler());
      jetty.setHandler(timed);
    };
  }

  private void assertJettyCounts(String status, String outcome) {
    assertThat(ofJetty())
        .singleElement()
        .satisfies(
            timer -> {
              assertThat(timer.count()).isOne();
              assertThat(timer.getId().getTag("status")).isEqualTo(status);
              assertThat(timer.getId().getTag("outcome")).isEqualTo(outcome);
            });
  }

  private static boolean isJetty(Container container) {
    return container.name().startsWith("JETTY");
  }

  @ParameterizedTest
  @EveryContainer
  void rawContainer_countsNoErrorAndNoDeparture(Container container) throws Exception {
    assumeTrue(container != Container.UNDERTOW, "Micrometer has no binder for it");
    leave(container, null, timedBy(USUAL));
    if (isJetty(container)) {
      assertJettyCounts("0", "UNKNOWN");
    } else {
      assertThat(errors).isZero();
    }
  }

  /** To Tomcat's counter each status from 400 on is an error, a 404 as well. */
  @ParameterizedTest
  @EveryContainer
  void behindTheFilter_isCountedOnceByItsStatus(Container container) throws Exception {
    assumeTrue(container != Container.UNDERTOW, "Micrometer has no binder for it");
    leave(container, SafeAsyncConfig.defaults(), timedBy(USUAL));
    if (isJetty(container)) {
      assertJettyCounts("499", "CLIENT_ERROR");
    } else {
      assertThat(errors).isOne();
    }
  }

  @ParameterizedTest
  @EveryContainer
  void toldByTheAttributeOrTheSetting_isNoError(Container container) throws Exception {
    assumeTrue(container != Container.UNDERTOW, "Micrometer has no binder for it");
    boolean jetty = isJetty(container);
    SafeAsyncConfig config = SafeAsyncConfig.builder().disconnectStatus(jetty ? 499 : 0).build();
    leave(container, config, timedBy(TELLING));
    if (jetty) {
      assertJettyCounts("499", "CLIENT_GONE");
    } else {
      assertThat(errors).isZero();
    }
  }
}
